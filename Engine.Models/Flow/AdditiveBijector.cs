using Engine.Autograd;
using Engine.Autograd.Bijections;

namespace Engine.Models.Flow;

/// <summary>z = x + t, which keeps all volumes (NICE, Dinh et al. 2014, arXiv:1410.8516, equation 3).</summary>
public sealed class AdditiveBijector : Bijector
{
    /// <inheritdoc/>
    public override int Parameters => 1;

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor parameters) => new(x + parameters, Tensor.Zeros([x.Shape[0]], x.DType));

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor parameters) => new(z - parameters, Tensor.Zeros([z.Shape[0]], z.DType));
}
