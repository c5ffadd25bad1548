using Engine.Autograd;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Imaging;

namespace Engine.Models.Variational;

/// <summary>Pictures of a VAE of images.</summary>
/// <param name="vae">The model; its encoder takes images as [images, values].</param>
/// <param name="size">The size of an image.</param>
public sealed class VaePictures(LatentVariableModel vae, ImageSize size)
{
    private readonly int _length = size.Length;

    /// <summary>Originals in one row, their reconstructions in the row below, and so on.</summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <param name="columns">Images in a row.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Reconstructions(ReadOnlySpan<float> images, int columns = 10, CancellationToken cancellation = default)
    {
        float[] decoded = vae.Decode(Encode(images, cancellation), cancellation: cancellation);
        return Grid(Alternating(_length, columns, images.ToArray(), decoded), columns);
    }

    /// <summary>The decoder's pixels at draws from the prior.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of the draws: the same stream shows how training changes the images.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Samples(int count, RandomStream random, CancellationToken cancellation = default) =>
        Grid(vae.SampleImages(count, random, cancellation: cancellation), 0);

    /// <summary>The pseudo-inputs of a prior: what it takes for typical images.</summary>
    /// <param name="prior">The prior.</param>
    /// <param name="most">How many to show, at most.</param>
    public Picture PseudoInputs(VampPrior prior, int most = 64)
    {
        ArgumentNullException.ThrowIfNull(prior);
        using Tape tape = new(vae.Parameters[0].Device, record: false);
        return Grid(prior.PseudoInputs().Slice(0, 0, Math.Min(most, prior.Count)).Cast(DType.Float32).ToArray(), 0);
    }

    /// <summary>
    /// Interpolations between pairs of images, one per row: the first image, the interpolation of the two latents, the second image.
    /// </summary>
    /// <param name="images">Pairs of images in [0, 1], one after another.</param>
    /// <param name="steps">Images of the interpolation.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Interpolations(ReadOnlySpan<float> images, int steps = 8, CancellationToken cancellation = default)
    {
        float[] latents = Encode(images, cancellation);
        List<float> all = [];
        for (int first = 0; (first + 2) * _length <= images.Length; first += 2)
        {
            cancellation.ThrowIfCancellationRequested();
            all.AddRange(images.Slice(first * _length, _length));
            all.AddRange(Interpolation.Between(vae, Latent(latents, first), Latent(latents, first + 1), steps));
            all.AddRange(images.Slice((first + 1) * _length, _length));
        }

        return Grid(all.ToArray(), steps + 2);
    }

    /// <summary>Traversals from the latent of one image, one dimension per row, the most active dimensions first.</summary>
    /// <param name="images">Images in [0, 1]; the walks start from the first, the others tell which dimensions the model uses.</param>
    /// <param name="dimensions">How many dimensions to show, at most.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Traversals(ReadOnlySpan<float> images, int dimensions = 10, CancellationToken cancellation = default)
    {
        float[] latents = Encode(images, cancellation);
        int[] shown = [.. new LatentActivity(latents, vae.Latent).Ranked.Take(dimensions)];
        LatentTraversal traversal = new();
        return Grid(traversal.Decode(vae, Latent(latents, 0), shown), traversal.Steps);
    }

    /// <summary>The plane of two latent dimensions, decoded: <see cref="LatentMap"/>.</summary>
    /// <param name="side">Images in a row, and rows.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Map(int side = 20, CancellationToken cancellation = default) =>
        new ImageGrid { Black = 0, Columns = side, Padding = 0, Magnification = 1 }
            .Draw(LatentMap.Decode(vae, side, cancellation), size);

    /// <summary>Where images, at most 3000 of them, lie in the first two latent dimensions, a colour for each class.</summary>
    /// <param name="images">Images in [0, 1].</param>
    /// <param name="labels">The class of each; -1 where there is none.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Chart Scatter(ReadOnlySpan<float> images, ReadOnlySpan<int> labels, CancellationToken cancellation = default)
    {
        const int Shown = 3000;
        int[] classes = [.. labels[..Math.Min(labels.Length, Shown)]];
        float[] latents = Encode(images[..(classes.Length * _length)], cancellation);
        Chart chart = new() { Title = "the mean of q(z|x)", XLabel = "z 1", YLabel = "z 2", Width = 640, Height = 640 };
        foreach (int label in classes.Distinct().Order())
        {
            int[] members = [.. Enumerable.Range(0, classes.Length).Where(i => classes[i] == label)];
            chart.Scatter(
                label < 0 ? "images" : $"{label}",
                [.. members.Select(i => (double)latents[i * vae.Latent])],
                [.. members.Select(i => (double)latents[(i * vae.Latent) + 1])]);
        }

        return chart;
    }

    /// <summary>A row of the first images, below it the second images at the same places, and so on, then the next rows.</summary>
    /// <param name="length">Elements of an image.</param>
    /// <param name="columns">Images in a row.</param>
    /// <param name="kinds">As many images of each kind.</param>
    internal static float[] Alternating(int length, int columns, params float[][] kinds)
    {
        int all = kinds[0].Length, row = columns * length;
        float[] result = new float[kinds.Length * all];
        for (int from = 0; from < all; from += row)
        {
            int part = Math.Min(row, all - from);
            for (int i = 0; i < kinds.Length; i++) kinds[i].AsSpan(from, part).CopyTo(result.AsSpan((kinds.Length * from) + (i * part)));
        }

        return result;
    }

    private ReadOnlySpan<float> Latent(float[] latents, int image) => latents.AsSpan(image * vae.Latent, vae.Latent);

    private float[] Encode(ReadOnlySpan<float> images, CancellationToken cancellation) =>
        vae.Encode(images, [images.Length / _length, _length], cancellation: cancellation);

    private Picture Grid(ReadOnlySpan<float> images, int columns) =>
        new ImageGrid { Black = 0, Columns = columns }.Draw(images, size);
}
