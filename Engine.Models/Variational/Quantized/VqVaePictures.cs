using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Imaging;

namespace Engine.Models.Variational.Quantized;

/// <summary>Pictures of a <see cref="VqVae"/> of grey images.</summary>
/// <param name="model">The model.</param>
/// <param name="size">The size of an image.</param>
public sealed class VqVaePictures(VqVae model, ImageSize size)
{
    private const int Stride = VqVaeNetworks.Stride;
    private readonly int _length = size.Length, _places = size.Height / Stride * (size.Width / Stride);

    /// <summary>Originals in one row, their reconstructions in the row below, and so on.</summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <param name="columns">Images in a row.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Reconstructions(float[] images, int columns = 10, CancellationToken cancellation = default) => Grid(
        VaePictures.Alternating(_length, columns, images, Decoded(Codes(images, cancellation), cancellation)), columns);

    /// <summary>
    /// Originals in one row, below them the codes of each, a colour for each code on the pixels that it stands for, below these the
    /// reconstructions, and so on.
    /// </summary>
    /// <param name="images">Images in [0, 1], one after another.</param>
    /// <param name="columns">Images in a row.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture CodesOf(float[] images, int columns = 10, CancellationToken cancellation = default)
    {
        int[] codes = Codes(images, cancellation);
        int pixels = size.Height * size.Width;
        float[] colors = new float[3 * images.Length / size.Channels];
        for (int i = 0; i < colors.Length / 3; i++)
        {
            (int row, int column) = (i % pixels / size.Width / Stride, i % size.Width / Stride);
            int code = codes[(i / pixels * _places) + (row * (size.Width / Stride)) + column];
            for (int c = 0; c < 3; c++) colors[(3 * i) + c] = Color(code, c);
        }

        float[] all = VaePictures.Alternating(
            3 * pixels, columns, Colored(images), colors, Colored(Decoded(codes, cancellation)));
        return new ImageGrid { Black = 0, Columns = columns }.Draw(all, size with { Channels = 3 });
    }

    /// <summary>Images from codes that are drawn from a prior.</summary>
    /// <param name="prior">The prior.</param>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture Samples(CodePrior prior, int count, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(prior);
        return Grid(Decoded(prior.Sample(count, random, cancellation), cancellation), 0);
    }

    /// <summary>Images from codes each of which is as likely as any other: samples with the prior that the model is trained with.</summary>
    /// <param name="count">How many; at least 1.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Picture UniformSamples(int count, RandomStream random, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int codes = model.Quantizer.Codes;
        int[] drawn = [.. random.Uniform(count * _places).Select(u => Math.Min((int)(u * codes), codes - 1))];
        return Grid(Decoded(drawn, cancellation), 0);
    }

    /// <summary>A colour for each code: hues a golden section apart.</summary>
    private static float Color(int code, int channel) =>
        0.5f + (0.5f * MathF.Cos(2 * MathF.PI * ((code * 0.618034f % 1) + (channel / 3f))));

    private float[] Colored(float[] images) => size.Channels == 3 ? images
        : [.. images.SelectMany(pixel => (float[])[pixel, pixel, pixel])];

    private int[] Codes(float[] images, CancellationToken cancellation) =>
        model.Encode(images, size.Of(size.CountOf(images.Length)), cancellation: cancellation);

    private float[] Decoded(int[] codes, CancellationToken cancellation) =>
        model.Decode(codes, [codes.Length / _places, size.Height / Stride, size.Width / Stride], cancellation: cancellation);

    private Picture Grid(ReadOnlySpan<float> images, int columns) =>
        new ImageGrid { Black = 0, Columns = columns }.Draw(images, size);
}
