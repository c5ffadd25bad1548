using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Kernels;

namespace Engine.Models.Flow;

/// <summary>
/// A transform the other way round. Around a <see cref="MaskedAutoregressive"/> flow it is an inverse autoregressive one (Kingma et al.
/// 2016, arXiv:1606.04934): samples then take one pass, and the density of given data as many as there are dimensions. What data decide
/// before training, such as the scales of an <see cref="ActNorm"/>, is not set inside of it: data come to it from the other side.
/// </summary>
public sealed class Inverted : FlowTransform
{
    private readonly FlowTransform _inner;

    /// <summary>Turns a transform round.</summary>
    /// <param name="inner">A transform with the same shape on both sides.</param>
    public Inverted(FlowTransform inner) => _inner = AddModule("inner", inner);

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => _inner.Invert(x, context);

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) => _inner.Apply(z, context);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape example)
    {
        Shape shape = _inner.OutputShape(example);
        return shape == example ? shape
            : throw new InvalidOperationException($"A transform that makes {shape} of {example} cannot be turned round.");
    }
}
