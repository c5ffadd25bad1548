using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>All axes but the first made one: [batch, ...] to [batch, features].</summary>
/// <param name="channelsFirst">
/// False: features stand as the elements do, height, width, channels, and none is copied. True: in PyTorch's order channels, height, width,
/// so that the weights of a fully connected layer behind it are those that PyTorch has there.
/// </param>
public sealed class Flatten(bool channelsFirst = false) : Module
{
    internal bool HasChannelsFirst => channelsFirst;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no axis.</exception>
    public override Tensor Forward(Tensor x)
    {
        if (x.Shape.Rank < 1) throw new ArgumentException("Flatten: needs at least one axis, found a scalar.");
        Tape.Open(nameof(Flatten), x);
        int rank = x.Shape.Rank;
        if (channelsFirst && rank > 2) x = x.Permute([0, rank - 1, .. Enumerable.Range(1, rank - 2)]);
        return x.Reshape(x.Shape[0], x.Shape.Stride(0));
    }
}

/// <summary>
/// All axes but the first in another shape: [batch, features] to [batch, 7, 7, 128], say, in front of the convolutions of a generator.
/// </summary>
public sealed class Unflatten : Module
{
    private readonly Shape _sample;
    private readonly bool _channelsFirst;

    /// <summary>A shape whose elements stand as the features do; none is copied.</summary>
    /// <param name="extents">The extents after the first axis, channels last.</param>
    public Unflatten(params ReadOnlySpan<int> extents) : this(channelsFirst: false, extents)
    {
    }

    /// <summary>A shape whose elements stand as the features do, or in another order.</summary>
    /// <param name="channelsFirst">
    /// True: the features stand in PyTorch's order channels, height, width, as behind a fully connected layer with weights of PyTorch.
    /// </param>
    /// <param name="extents">The extents after the first axis, channels last.</param>
    public Unflatten(bool channelsFirst, params ReadOnlySpan<int> extents) =>
        (_channelsFirst, _sample) = (channelsFirst, Shape.Of(nameof(Unflatten), extents));

    internal Shape Sample => _sample;

    internal bool HasChannelsFirst => _channelsFirst;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A sample does not have as many elements.</exception>
    public override Tensor Forward(Tensor x)
    {
        if (x.Shape.Rank < 1 || x.Shape.Stride(0) != _sample.Count)
            throw new ArgumentException($"Unflatten: samples of {_sample.Count} elements are needed for {_sample}, found shape {x.Shape}.");
        Tape.Open(nameof(Unflatten), x);
        int[] extents = _sample.ToArray();
        if (!_channelsFirst || extents.Length < 2) return x.Reshape(Shape.Of(nameof(Unflatten), [x.Shape[0], .. extents]));
        Tensor channelsFirst = x.Reshape(Shape.Of(nameof(Unflatten), [x.Shape[0], extents[^1], .. extents[..^1]]));
        return channelsFirst.Permute([0, .. Enumerable.Range(2, extents.Length - 1), 1]);
    }
}
