using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Diffusion;

public sealed partial class DenoisingDiffusion
{
    /// <summary>
    /// The variational bound of images, step by step. Each step's term is averaged over <paramref name="batch"/> of the images and fresh
    /// noise; with more images than that the steps take them in turn. The sum of the terms is thus an estimate without bias of the bound
    /// over all of them.
    /// </summary>
    /// <param name="images">Images in [-1, 1] of 256 levels, one after another.</param>
    /// <param name="shape">Their shape, [images, ...].</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="labels">The class of each, -1 for none; empty for none at all.</param>
    /// <param name="batch">How many images for each step, at most.</param>
    /// <param name="steps">How many steps the bound is of: as many as the process has by default, or fewer, evenly
    /// spread.</param>
    /// <param name="clip">Whether clean images are held within [-1, 1].</param>
    /// <param name="cancellation">Cancels the computation; looked at before each step.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1, or there are fewer steps.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public VariationalBound Bound(
        ReadOnlySpan<float> images, Shape shape, RandomStream random, ReadOnlySpan<int> labels = default, int batch = 64, int? steps = null,
        bool clip = true, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        using IDisposable? evaluation = Evaluating();
        DiffusionProcess process = steps is null ? Process : new DiffusionProcess(Process.Schedule.Respaced(steps.Value));
        int count = shape[0], length = shape.Count / Math.Max(1, count);
        batch = Math.Min(batch, count);
        double[] terms = new double[process.Steps];
        double prior = 0;
        int next = 0;
        float[] part = new float[batch * length];
        int[] classes = new int[labels.Length == 0 ? 0 : batch];
        for (int t = 0; t < process.Steps; t++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int i = 0; i < batch; i++, next = (next + 1) % count)
            {
                images.Slice(next * length, length).CopyTo(part.AsSpan(i * length));
                if (classes.Length > 0) classes[i] = labels[next];
            }

            using Tape tape = new(Denoiser.Device, record: false);
            Tensor clean = Tensor.From(part, shape.With(0, batch)).Cast(Denoiser.DType);
            int[] at = [.. Enumerable.Repeat(t, batch)];
            Tensor noisy = process.AddNoise(clean, Tensor.Normal(clean.Shape, random, dtype: clean.DType), at);
            terms[t] = BoundTerms(process, clean, noisy, Denoise(process, noisy, at, classes, clip: clip), at).Mean().Item();
            if (t == process.Steps - 1) prior = Prior(clean);
        }

        return new VariationalBound(terms, prior, batch);

        // KL(q(x_T | x_0) || N(0, 1)), with mean sqrt(abar_T) x_0 and variance 1 - abar_T
        double Prior(Tensor clean)
        {
            double left = process.Schedule.AlphaBars[^1];
            Tensor mean = clean.Reshape(clean.Count) * Math.Sqrt(left);
            return KullbackLeibler.ToStandardGaussian(mean, Tensor.Full([1], Math.Log(1 - left), clean.DType), Reduction.Mean)
                .Item() / Math.Log(2);
        }
    }
}

/// <summary>
/// The variational bound of -log p(x_0), in bits per dimension: what a code built on the model would need at most (Ho et al.
/// 2020, arXiv:2006.11239, equation 5).
/// </summary>
/// <param name="Terms">L_t of each step; the first is the decoder's, -log p(x_0 | x_1).</param>
/// <param name="Prior">L_T, how far q(x_T | x_0) is from standard normal noise.</param>
/// <param name="Images">How many images each term was averaged over.</param>
public sealed record VariationalBound(IReadOnlyList<double> Terms, double Prior, int Images)
{
    /// <summary>The bound: the sum of all terms.</summary>
    public double Total => Terms.Sum() + Prior;
}
