using Engine.Autograd;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Diffusion;

/// <summary>
/// Samples images from noise, step by step. The two samplers differ in the step: <see cref="DdpmSampler"/> and
/// <see cref="DdimSampler"/>.
/// </summary>
public abstract class DiffusionSampler
{
    /// <summary>Prepares the steps.</summary>
    /// <param name="model">The model.</param>
    /// <param name="steps">How many steps to take: null for all of the model's, or fewer, evenly spread over them.</param>
    /// <exception cref="ArgumentOutOfRangeException">The model has not so many steps.</exception>
    private protected DiffusionSampler(DenoisingDiffusion model, int? steps)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        Process = steps is null ? model.Process : new DiffusionProcess(model.Process.Schedule.Respaced(steps.Value));
    }

    /// <summary>The model.</summary>
    public DenoisingDiffusion Model { get; }

    /// <summary>The steps that are taken.</summary>
    public DiffusionProcess Process { get; }

    /// <summary>
    /// How far to go towards the class that is asked for: 0 not at all, 1 as trained, more for samples that show it more clearly.
    /// </summary>
    public double Guidance { get; init; } = 1;

    /// <summary>Whether the clean images that the network sees are held within [-1, 1] at every step.</summary>
    public bool Clip { get; init; } = true;

    /// <summary>Samples images.</summary>
    /// <param name="shape">The shape of all images: [images, height, width, channels].</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="labels">The class of each image, -1 for none; null for none at all.</param>
    /// <param name="observe">Receives x_T first, with the number of steps, and after each step t its result, with t: the last time
    /// 0.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each step.</param>
    /// <returns>The images, one after another.</returns>
    /// <exception cref="ArgumentException">The labels are not one for each image, or the network does not know them.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Sample(
        Shape shape, RandomStream random, int[]? labels = null, Action<int, Tensor>? observe = null,
        CancellationToken cancellation = default) => Run(shape, random, labels ?? [], observe, null, cancellation);

    /// <summary>Samples images from noise that is given, x_T.</summary>
    /// <param name="noise">x_T, from N(0, 1), one image after another.</param>
    /// <param name="shape">The shape of all images: [images, height, width, channels].</param>
    /// <param name="labels">The class of each image, -1 for none; null for none at all.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each step.</param>
    /// <returns>The images, one after another: a function of the noise alone where no step adds any, as with eta 0.</returns>
    /// <exception cref="ArgumentException">The noise does not fit the shape, the labels are not one for each image, or the network does not
    /// know them.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] SampleFrom(
        ReadOnlySpan<float> noise, Shape shape, int[]? labels = null, CancellationToken cancellation = default)
    {
        if (noise.Length != shape.Count) throw new ArgumentException(
            $"SampleFrom: images {shape} have {shape.Count} values, found noise of {noise.Length}.");
        return Run(shape, new RandomStream(0), labels ?? [], null, null, cancellation, noise.ToArray());
    }

    /// <summary>
    /// Inpaints the missing pixels of images: the known pixels are put in at every step with as much noise as belongs there, and taken as
    /// they are at the end. With <paramref name="rounds"/> above 1 every step is undone and repeated, so that the new part can settle with
    /// the known one (Lugmayr et al. 2022, arXiv:2201.09865).
    /// </summary>
    /// <param name="known">Images, one after another; only the known pixels are read.</param>
    /// <param name="mask">1 for each known pixel, 0 for each that is to be painted; as many as in <paramref name="known"/>.</param>
    /// <param name="shape">Their shape: [images, height, width, channels].</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="labels">The class of each image, -1 for none; null for none at all.</param>
    /// <param name="rounds">How many times each step is repeated.</param>
    /// <param name="observe">As in <see cref="Sample"/>.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each step and each of its rounds.</param>
    /// <returns>The images: the known pixels to the bit, the others painted.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit the shape, or the mask is neither 0 nor 1 somewhere.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public float[] Inpaint(
        ReadOnlySpan<float> known, ReadOnlySpan<float> mask, Shape shape, RandomStream random, int[]? labels = null, int rounds = 1,
        Action<int, Tensor>? observe = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        if (known.Length != shape.Count || mask.Length != shape.Count)
            throw new ArgumentException(
                $"Inpaint: images {shape} have {shape.Count} values, found {known.Length} known ones and a mask of {mask.Length}.");
        foreach (float share in mask)
            if (share is not (0 or 1)) throw new ArgumentException($"Inpaint: expected a mask of zeros and ones, found {share}.");
        float[] kept = new float[known.Length];
        for (int i = 0; i < kept.Length; i++) kept[i] = mask[i] == 1 ? known[i] : 0;
        float[] result = Run(shape, random, labels ?? [], observe, new Repaint(kept, mask.ToArray(), rounds), cancellation);
        for (int i = 0; i < kept.Length; i++)
            if (mask[i] == 1) result[i] = known[i];
        return result;
    }

    /// <summary>x_(t-1) from x_t.</summary>
    /// <param name="denoised">The prediction for x_t.</param>
    /// <param name="noisy">x_t.</param>
    /// <param name="steps">t, for each sample.</param>
    /// <param name="random">The source of the noise.</param>
    private protected abstract Tensor Previous(Denoised denoised, Tensor noisy, int[] steps, RandomStream random);

    private protected static double[] Repeated(double value, int count)
    {
        double[] values = new double[count];
        Array.Fill(values, value);
        return values;
    }

    private float[] Run(
        Shape shape, RandomStream random, int[] labels, Action<int, Tensor>? observe, Repaint? repaint, CancellationToken cancellation,
        float[]? noise = null)
    {
        ArgumentNullException.ThrowIfNull(random);
        IDenoiser network = Model.Denoiser;
        using IDisposable? evaluation = Model.Evaluating();
        Tensor x;
        using (Tape first = new(network.Device, record: false)) x = first.Keep(
            noise is null ? Tensor.Normal(shape, random, dtype: network.DType) : Tensor.From(noise, shape).Cast(network.DType));
        try
        {
            observe?.Invoke(Process.Steps, x);
            for (int t = Process.Steps - 1; t >= 0; t--)
            {
                using (Tape tape = new(network.Device, record: false))
                {
                    Tensor next = Back(x, t, random, labels, repaint, cancellation);
                    Tensor kept = tape.Keep(next);
                    x.Dispose();
                    x = kept;
                }

                observe?.Invoke(t, x);
            }

            using Tape last = new(network.Device, record: false);
            return x.Cast(DType.Float32).ToArray();
        }
        finally
        {
            x.Dispose();
        }
    }

    // One reverse step or, with known pixels, several rounds of reverse and forward steps.
    private Tensor Back(Tensor x, int t, RandomStream random, int[] labels, Repaint? repaint, CancellationToken cancellation)
    {
        int samples = x.Shape[0];
        int[] steps = [.. Enumerable.Repeat(t, samples)];
        for (int round = 1; ; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            Tensor previous = Previous(Model.Denoise(Process, x, steps, labels, Guidance, Clip), x, steps, random);
            if (repaint is null) return previous;
            previous = Replace(previous, repaint, t, random);
            if (round == repaint.Rounds || t == 0) return previous;

            // x_t = sqrt(1 - beta_t) x_(t-1) + sqrt(beta_t) e
            double beta = Process.Schedule.Betas[t];
            Tensor noise = Tensor.Normal(x.Shape, random, dtype: x.DType);
            x = Sampling.Combine(previous, noise, Repeated(Math.Sqrt(1 - beta), samples), Repeated(Math.Sqrt(beta), samples));
        }
    }

    private Tensor Replace(Tensor previous, Repaint repaint, int t, RandomStream random)
    {
        Tensor known = Tensor.From(repaint.Known, previous.Shape).Cast(previous.DType),
            mask = Tensor.From(repaint.Mask, previous.Shape).Cast(previous.DType);
        if (t > 0)
        {
            int[] before = [.. Enumerable.Repeat(t - 1, previous.Shape[0])];
            known = Process.AddNoise(known, Tensor.Normal(previous.Shape, random, dtype: previous.DType), before);
        }

        return (mask * known) + ((1 - mask) * previous);
    }

    private sealed record Repaint(float[] Known, float[] Mask, int Rounds);
}
