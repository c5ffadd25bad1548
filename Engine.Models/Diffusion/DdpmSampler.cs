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
