using System.Diagnostics.CodeAnalysis;
using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Kernels;

namespace Engine.Models.Flow;

/// <summary>
/// Images [batch, h, w, c] to [batch, h / 2, w / 2, 4 c]: every square of 2 x 2 pixels becomes one pixel with their channels one after
/// another (Dinh et al. 2016, arXiv:1605.08803, section 3.6). In the order of a checkerboard, upper left and lower right come first, so
/// that the two halves of the channels are the squares of a checkerboard's two colours.
/// </summary>
/// <param name="checkerboard">True for the order of a checkerboard, false for row after row.</param>
public sealed class Squeeze(bool checkerboard = false) : FlowTransform
{
    // Which pixel of the square, counted row after row, comes at which place.
    private readonly int[] _order = checkerboard ? [0, 3, 1, 2] : [0, 1, 2, 3];

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null)
    {
        CheckImages(x, 2, 1);
        (int b, int h, int w, int c) = (x.Shape[0], x.Shape[1] / 2, x.Shape[2] / 2, x.Shape[3]);
        Tensor pixels = x.Reshape(b, h, 2, w, 2, c).Permute(0, 1, 3, 2, 4, 5).Reshape(b * h * w, 4, c);
        return VolumePreserving(Ordered(pixels, _order).Reshape(b, h, w, 4 * c));
    }

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        CheckImages(z, 1, 4);
        (int b, int h, int w, int c) = (z.Shape[0], z.Shape[1], z.Shape[2], z.Shape[3] / 4);
        int[] back = [.. Enumerable.Range(0, 4).Select(place => Array.IndexOf(_order, place))];
        Tensor pixels = Ordered(z.Reshape(b * h * w, 4, c), back).Reshape(b, h, w, 2, 2, c);
        return VolumePreserving(pixels.Permute(0, 1, 3, 2, 4, 5).Reshape(b, 2 * h, 2 * w, c));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape example) => [example[0] / 2, example[1] / 2, 4 * example[2]];

    private Tensor Ordered(Tensor pixels, int[] order) =>
        checkerboard ? Tensor.Concat(1, [.. order.Select(place => pixels.Slice(1, place, 1))]) : pixels;

    private static void CheckImages(Tensor x, int factor, int channels)
    {
        if (x.Shape.Rank != 4 || x.Shape[1] % factor != 0 || x.Shape[2] % factor != 0 || x.Shape[3] % channels != 0)
            throw new ArgumentException(
                "Squeeze: images [batch, height, width, channels] with even sides, and back with four times as many channels, are "
                + $"needed, found {x.Shape}.");
    }
}

/// <summary>
/// A transform of images after a <see cref="Squeeze"/> in the order of a checkerboard, which is undone after it: images come out in the
/// size in which they came in. A context is squeezed alike, so that the transform sees it at the same places, a quarter of as many.
/// </summary>
public sealed class Squeezed : FlowTransform
{
    private readonly Squeeze _squeeze;
    private readonly FlowTransform _inner;

    /// <summary>Creates the transform.</summary>
    /// <param name="inner">The transform of images [batch, h / 2, w / 2, 4 c], with a context [batch, h / 2, w / 2, 4 k] if there is
    /// one.</param>
    public Squeezed(FlowTransform inner)
    {
        _squeeze = AddModule("squeeze", new Squeeze(checkerboard: true));
        _inner = AddModule("inner", inner);
    }

    /// <inheritdoc/>
    public override bool HasDataDependentInitialization => _inner.HasDataDependentInitialization;

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null)
    {
        Transformed z = _inner.Apply(Small(x), Small(context));
        return z with { Value = _squeeze.Invert(z.Value).Value };
    }

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        Transformed x = _inner.Invert(Small(z), Small(context));
        return x with { Value = _squeeze.Invert(x.Value).Value };
    }

    /// <inheritdoc/>
    public override Tensor Initialize(Tensor x, Tensor? context = null) =>
        _squeeze.Invert(_inner.Initialize(Small(x), Small(context))).Value;

    [return: NotNullIfNotNull(nameof(x))]
    private Tensor? Small(Tensor? x) => x is null ? null : _squeeze.Apply(x).Value;
}

/// <summary>Images as vectors: [batch, ...] to [batch, n]. No element moves.</summary>
/// <param name="example">The shape of one image.</param>
public sealed class Flattened(Shape example) : FlowTransform
{
    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => VolumePreserving(x.Reshape(x.Shape[0], example.Count));

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) =>
        VolumePreserving(z.Reshape(new Shape([z.Shape[0], .. example.ToArray()])));

    /// <inheritdoc/>
    public override Shape OutputShape(Shape shape) => [shape.Count];
}
