using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>All axes but the first made one: [batch, ...] to [batch, features]. No element is copied.</summary>
public sealed class Flatten : Module
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no axis.</exception>
    public override Tensor Forward(Tensor x)
    {
        if (x.Shape.Rank < 1) throw new ArgumentException("Flatten: needs at least one axis, found a scalar.");
        Tape.Open(nameof(Flatten), x);
        return x.Reshape(x.Shape[0], x.Shape.Stride(0));
    }
}

/// <summary>
/// All axes but the first in another shape: [batch, features] to [batch, 7, 7, 128], say, in front of the convolutions of a generator. No
/// element is copied.
/// </summary>
/// <param name="extents">The extents after the first axis.</param>
public sealed class Unflatten(params ReadOnlySpan<int> extents) : Module
{
    private readonly Shape _sample = Shape.Of(nameof(Unflatten), extents);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A sample does not have as many elements.</exception>
    public override Tensor Forward(Tensor x)
    {
        if (x.Shape.Rank < 1 || x.Shape.Stride(0) != _sample.Count)
            throw new ArgumentException($"Unflatten: samples of {_sample.Count} elements are needed for {_sample}, found shape {x.Shape}.");
        Tape.Open(nameof(Unflatten), x);
        return x.Reshape(Shape.Of(nameof(Unflatten), [x.Shape[0], .. _sample.ToArray()]));
    }
}
