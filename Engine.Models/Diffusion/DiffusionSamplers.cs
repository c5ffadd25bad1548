using Engine.Autograd;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;

namespace Engine.Models.Diffusion;

/// <summary>Ancestral sampling (Ho et al. 2020, arXiv:2006.11239, algorithm 2): each step draws x_(t-1) from p(x_(t-1) | x_t).</summary>
/// <param name="model">The model.</param>
/// <param name="steps">How many steps to take: null for all of the model's, or fewer, evenly spread over them.</param>
public sealed class DdpmSampler(DenoisingDiffusion model, int? steps = null) : DiffusionSampler(model, steps)
{
    private protected override Tensor Previous(Denoised denoised, Tensor noisy, int[] steps, RandomStream random)
    {
        // x_(t-1) = mean + e^(log variance / 2) z, and the mean itself at the last step
        Tensor mean = Process.PosteriorMean(denoised.Clean, noisy, steps);
        if (steps[0] == 0) return mean;
        Tensor noise = Tensor.Normal(noisy.Shape, random, dtype: noisy.DType);
        if (denoised.Share is not null) return Sampling.Reparameterize(mean, Model.LogVariance(Process, denoised, steps), noise);
        double logVariance = Model.Variance == ReverseVariance.Beta ? Process.LogBeta(steps[0]) : Process.PosteriorLogVariance(steps[0]);
        return Sampling.Combine(mean, noise, Repeated(1, steps.Length), Repeated(Math.Exp(logVariance / 2), steps.Length));
    }
}

/// <summary>
/// Implicit sampling (Song et al. 2021, arXiv:2010.02502, equation 12): a step leads to where x_0 and the noise that the network sees would
/// be one step before, with only a part of the noise redrawn. It needs far fewer steps.
/// </summary>
public sealed class DdimSampler : DiffusionSampler
{
    /// <summary>Prepares the steps.</summary>
    /// <param name="model">The model.</param>
    /// <param name="steps">How many steps to take: null for all of the model's, or fewer, evenly spread over them.</param>
    /// <param name="eta">From 0, where an image is a function of the first noise, to 1, where the redrawn noise has the posterior's
    /// variance, as in ancestral sampling.</param>
    /// <exception cref="ArgumentOutOfRangeException">eta is not from 0 to 1, or the model has not so many steps.</exception>
    public DdimSampler(DenoisingDiffusion model, int? steps = null, double eta = 0)
        : base(model, steps) => Eta = eta is >= 0 and <= 1 ? eta
        : throw new ArgumentOutOfRangeException(nameof(eta), eta, "DdimSampler: eta must be from 0 to 1.");

    /// <summary>The share of the noise that is redrawn.</summary>
    public double Eta { get; }

    /// <summary>The factors of x_0 and x_t, and the deviation of the noise that is drawn, in the step from t to t - 1.</summary>
    /// <param name="t">The step.</param>
    public (double OfClean, double OfNoisy, double Deviation) Coefficients(int t)
    {
        double bar = Process.Schedule.AlphaBars[t], before = t == 0 ? 1 : Process.Schedule.AlphaBars[t - 1];

        // sigma² = eta² (1 - abar_(t-1)) / (1 - abar_t) (1 - abar_t / abar_(t-1)), which is eta² times the posterior's variance
        double variance = Eta * Eta * Process.PosteriorVariance(t);

        // x_(t-1) = sqrt(abar_(t-1)) x_0 + sqrt(1 - abar_(t-1) - sigma²) e + sigma z,  with e = (x_t - sqrt(abar_t) x_0) / sqrt(1 - abar_t)
        double ofNoisy = Math.Sqrt(Math.Max(0, 1 - before - variance) / (1 - bar));
        return (Math.Sqrt(before) - (ofNoisy * Math.Sqrt(bar)), ofNoisy, Math.Sqrt(variance));
    }

    private protected override Tensor Previous(Denoised denoised, Tensor noisy, int[] steps, RandomStream random)
    {
        (double ofClean, double ofNoisy, double deviation) = Coefficients(steps[0]);
        Tensor mean = Sampling.Combine(denoised.Clean, noisy, Repeated(ofClean, steps.Length), Repeated(ofNoisy, steps.Length));
        if (deviation == 0) return mean;
        Tensor noise = Tensor.Normal(noisy.Shape, random, dtype: noisy.DType);
        return Sampling.Combine(mean, noise, Repeated(1, steps.Length), Repeated(deviation, steps.Length));
    }
}
