using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Imaging;
using MathNet.Numerics.Statistics;

namespace Engine.Models.Diffusion;

/// <summary>Pictures of a diffusion model of grey images.</summary>
/// <param name="model">The model.</param>
/// <param name="size">The size of an image.</param>
public sealed class DiffusionPictures(DenoisingDiffusion model, ImageSize size)
{
    private readonly int _length = size.Length;

    /// <summary>The forward process, one image per row: the image on the left, x_T on the right.</summary>
    /// <param name="images">Images in [-1, 1], one after another.</param>
    /// <param name="random">The source of the noise; it is the same along a row.</param>
    /// <param name="columns">Images in a row; at least 2.</param>
    public Picture Forward(ReadOnlySpan<float> images, RandomStream random, int columns = 12)
    {
        int count = images.Length / _length;
        List<float[]> chain = [images.ToArray()];
        using Tape tape = new(model.Denoiser.Device, record: false);
        Shape shape = size.Of(count);
        Tensor clean = Tensor.From(images, shape), noise = Tensor.Normal(shape, random);
        foreach (int t in Spread(columns - 1, model.Process.Steps))
            chain.Add(model.Process.AddNoise(clean, noise, [.. Enumerable.Repeat(t, count)]).ToArray());
        return Rows(chain, count);
    }

    /// <summary>The reverse process, one sample per row: x_T on the left, the image on the right.</summary>
    /// <param name="sampler">How samples are made.</param>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="labels">The class of each, -1 for none; null for none at all.</param>
    /// <param name="columns">Images in a row; at least 2.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each step.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Reverse(
        DiffusionSampler sampler, int count, RandomStream random, int[]? labels = null, int columns = 12,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sampler);
        int steps = sampler.Process.Steps;
        HashSet<int> shown = [.. Spread(Math.Min(columns, steps + 1), steps + 1)];
        List<float[]> chain = [];
        sampler.Sample(size.Of(count), random, labels, (t, x) =>
        {
            if (shown.Contains(t)) chain.Add(Array.ConvertAll(x.ToDoubles(), value => (float)value));
        }, cancellation);
        return Rows(chain, count);
    }

    /// <summary>
    /// Inpainting: originals, what was left of them, and three inpaintings of each, one image per column.
    /// </summary>
    /// <param name="sampler">How samples are made.</param>
    /// <param name="images">Images in [-1, 1], one after another; their lower halves are taken away.</param>
    /// <param name="random">The source of the noise.</param>
    /// <param name="rounds">How many times each step is repeated.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each step.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Inpainted(
        DiffusionSampler sampler, ReadOnlySpan<float> images, RandomStream random, int rounds = 5, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sampler);
        const int Paintings = 3;
        int count = images.Length / _length;
        float[] mask = new float[images.Length], left = images.ToArray();
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = i % _length < _length / 2 ? 1 : 0;
            if (mask[i] == 0) left[i] = 0;
        }

        List<float> all = [.. images.ToArray(), .. left];
        for (int i = 0; i < Paintings; i++) all.AddRange(
            sampler.Inpaint(images, mask, size.Of(count), random, rounds: rounds, cancellation: cancellation));
        return new ImageGrid { Columns = count }.Draw(all.ToArray(), size);
    }

    /// <summary>The terms of the bound over the steps, on a logarithmic axis.</summary>
    /// <param name="bound">The bound.</param>
    public static Chart Bound(VariationalBound bound)
    {
        ArgumentNullException.ThrowIfNull(bound);
        const int Window = 20;
        Chart chart = new()
        {
            Title = FormattableString.Invariant($"{bound.Total:0.000} bits/dim in all"),
            XLabel = "step t", YLabel = "bits/dim", LogY = true,
        };
        return chart.Line("L_t", [.. bound.Terms], new Rgb(160, 200, 228))
            .Line($"mean over {Window} steps", [.. bound.Terms.MovingAverage(Window)], Rgb.Palette[0]);
    }

    private static IEnumerable<int> Spread(int count, int steps) =>
        Enumerable.Range(0, count).Select(i => count == 1 ? steps - 1 : (int)Math.Round((double)i * (steps - 1) / (count - 1)));

    private Picture Rows(List<float[]> chain, int count)
    {
        List<float> images = [];
        for (int row = 0; row < count; row++)
            foreach (float[] link in chain) images.AddRange(link.AsSpan(row * _length, _length));
        return new ImageGrid { Columns = chain.Count, Magnification = 1 }.Draw(images.ToArray(), size);
    }
}
