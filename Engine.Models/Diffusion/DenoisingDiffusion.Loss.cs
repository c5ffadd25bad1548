using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Diffusion;

public sealed partial class DenoisingDiffusion
{
    // lambda of Nichol and Dhariwal (2021), section 3.1: the bound trains the variance and leaves the rest to the simple loss.
    private const double BoundWeight = 1e-3;

    /// <summary>The loss of a batch, each image at a step drawn at random.</summary>
    /// <param name="clean">x_0: [samples, ...], in [-1, 1].</param>
    /// <param name="labels">The class of each sample, -1 for none; empty for none at all.</param>
    /// <param name="random">The source of the steps, the noise and the dropped labels.</param>
    /// <param name="dropLabels">The share of labels that are left out, so that the network learns to do without: what guidance
    /// needs.</param>
    /// <exception cref="ArgumentException">The labels are not one for each sample or none.</exception>
    public DiffusionLosses Losses(Tensor clean, ReadOnlySpan<int> labels, RandomStream random, double dropLabels = 0)
    {
        CheckLabels(labels, clean);
        int samples = clean.Shape[0];
        int[] steps = [.. random.Uniform(samples).Select(u => Math.Min((int)(u * Process.Steps), Process.Steps - 1))];
        int[] kept = labels.ToArray();
        if (dropLabels > 0 && kept.Length > 0)
        {
            float[] drawn = random.Uniform(samples);
            for (int i = 0; i < kept.Length; i++)
                if (drawn[i] < dropLabels) kept[i] = UnconditionalLabel;
        }

        Tensor noise = Tensor.Normal(clean.Shape, random, dtype: clean.DType);
        return Losses(clean, noise, steps, kept);
    }

    /// <summary>The loss of a batch at given steps.</summary>
    /// <param name="clean">x_0: [samples, ...], in [-1, 1].</param>
    /// <param name="noise">e, standard normal, of the same shape.</param>
    /// <param name="steps">t of each sample.</param>
    /// <param name="labels">The class of each sample, -1 for none; empty for none at all.</param>
    public DiffusionLosses Losses(Tensor clean, Tensor noise, ReadOnlySpan<int> steps, ReadOnlySpan<int> labels = default)
    {
        Tensor noisy = Process.AddNoise(clean, noise, steps);
        (Tensor predicted, Tensor? share) = Predict(noisy, steps, labels);

        // L_simple = E |target - prediction|²
        Tensor simple = Loss.MeanSquaredError(predicted, Process.Target(Prediction, clean, noise, steps));
        if (share is null) return new DiffusionLosses(simple, simple, null);

        // L_hybrid = L_simple + lambda L_vlb, with T E[L_t] for L_vlb and no gradient through the mean
        Denoised denoised = new(Process.Clean(Prediction, noisy, predicted, steps).Detach(), share);
        Tensor bound = Process.Steps * BoundTerms(Process, clean, noisy, denoised, steps).Mean();
        return new DiffusionLosses(simple + (BoundWeight * bound), simple, bound);
    }

    /// <summary>
    /// L_t of each sample, a term of the variational bound, in bits per dimension: how far p(x_(t-1) | x_t) is from q(x_(t-1)
    /// | x_t, x_0), or at step 0 the bits that p(x_0 | x_1) needs for 8-bit images.
    /// </summary>
    internal Tensor BoundTerms(DiffusionProcess process, Tensor clean, Tensor noisy, Denoised denoised, ReadOnlySpan<int> steps)
    {
        int samples = steps.Length, dimensions = clean.Count / samples;
        Tensor logVariance = LogVariance(process, denoised, steps);
        Tensor mean = Rows(process.PosteriorMean(denoised.Clean, noisy, steps));
        logVariance = logVariance.Reshape(samples, -1);
        double[] isFirst = [.. steps.ToArray().Select(t => t == 0 ? 1.0 : 0)];
        Tensor? terms = null;
        if (isFirst.Contains(0))
        {
            // L_t = KL(q(x_(t-1) | x_t, x_0) || p(x_(t-1) | x_t))
            Tensor posterior = DiffusionProcess.Column(process.PosteriorLogVariances(steps), mean);
            terms = KullbackLeibler.Gaussians(Rows(process.PosteriorMean(clean, noisy, steps)), posterior, mean, logVariance);
        }

        if (isFirst.Contains(1))
        {
            // L_0 = -log p(x_0 | x_1)
            Tensor decoder = -LogLikelihood.DiscretizedGaussian(Rows(clean), mean, logVariance);
            terms = terms is null ? decoder : Sampling.Combine(decoder, terms, isFirst, [.. isFirst.Select(first => 1 - first)]);
        }

        return terms! / (dimensions * Math.Log(2));

        Tensor Rows(Tensor t) => t.Reshape(samples, dimensions);
    }
}

/// <summary>The loss of a training step of a diffusion model, and its parts.</summary>
/// <param name="Loss">What is minimised: a scalar.</param>
/// <param name="Simple">The mean squared error of the prediction (Ho et al. 2020, equation 14).</param>
/// <param name="Bound">
/// With a learned variance: a sample of the variational bound without its prior term, in bits per dimension; only the
/// variance gets a gradient from it. Else null.
/// </param>
public readonly record struct DiffusionLosses(Tensor Loss, Tensor Simple, Tensor? Bound);
