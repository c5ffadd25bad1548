using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Flow;

/// <summary>
/// An invertible function of a batch, whose Jacobian has a determinant that can be computed: the part that a flow is made of. It goes from
/// data to latents; both directions give the logarithm of the determinant of their own Jacobian.
/// </summary>
public abstract class FlowTransform : Module
{
    /// <summary>z = f(x) and log |det df/dx|.</summary>
    /// <param name="x">[batch, ...].</param>
    /// <param name="context">What the function depends on besides, [batch, ...]; null for nothing.</param>
    public abstract Transformed Apply(Tensor x, Tensor? context = null);

    /// <summary>x with f(x) = z, and log |det dx/dz|.</summary>
    /// <param name="z">[batch, ...].</param>
    /// <param name="context">What the function depends on besides; null for nothing.</param>
    public abstract Transformed Invert(Tensor z, Tensor? context = null);

    /// <summary>The shape of f(x) of one example, for that of x.</summary>
    public virtual Shape OutputShape(Shape example) => example;

    /// <summary>Whether <see cref="Initialize"/> sets parameters, of this transform or of a part of it.</summary>
    public virtual bool HasDataDependentInitialization => false;

    /// <summary>Sets parameters from data before training, such as the scales of <see cref="ActNorm"/>, part after part.</summary>
    /// <param name="x">A batch.</param>
    /// <param name="context">What the function depends on besides; null for nothing.</param>
    /// <returns>f(x), with what was set.</returns>
    public virtual Tensor Initialize(Tensor x, Tensor? context = null) => Apply(x, context).Value;

    /// <inheritdoc/>
    public sealed override Tensor Forward(Tensor x) => Apply(x).Value;

    /// <summary>A result whose log-determinant is 0: volumes stay as they are.</summary>
    protected static Transformed VolumePreserving(Tensor value) => new(value, Tensor.Zeros([value.Shape[0]], value.DType));

    /// <summary>A result whose log-determinant is the same for all examples.</summary>
    protected static Transformed WithLog(Tensor value, Tensor logDeterminant) => new(value, logDeterminant.BroadcastTo([value.Shape[0]]));

    /// <summary>The places of an example that all have the same channels: for images one for each pixel.</summary>
    protected static int Places(Tensor x) => x.Count / (x.Shape[0] * x.Shape[-1]);
}
