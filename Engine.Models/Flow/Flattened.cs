using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Kernels;

namespace Engine.Models.Flow;

/// <summary>Images as vectors: [batch, ...] to [batch, n]. No element moves.</summary>
/// <param name="example">The shape of one image.</param>
public sealed class Flattened(Shape example) : FlowTransform
{
    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => KeepingVolume(x.Reshape(x.Shape[0], example.Count));

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) =>
        KeepingVolume(z.Reshape(new Shape([z.Shape[0], .. example.ToArray()])));

    /// <inheritdoc/>
    public override Shape OutputShape(Shape shape) => [shape.Count];
}
