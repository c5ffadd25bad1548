using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Kernels;
using Engine.Kernels.Flows;

namespace Engine.Models.Flow;

/// <summary>A monotone rational-quadratic spline for each element (Durkan et al. 2019, arXiv:1906.04032).</summary>
/// <param name="spline">Bins and interval.</param>
public sealed class SplineBijector(SplineShape spline) : Bijector
{
    /// <inheritdoc/>
    public override int Parameters => spline.Parameters;

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor parameters) => Bijection.RationalQuadratic(x, parameters, spline);

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor parameters) => Bijection.RationalQuadratic(z, parameters, spline, inverse: true);

    /// <inheritdoc/>
    public override Tensor Arranged(Tensor parameters) => parameters.Transpose().Reshape(parameters.Shape[0], -1);
}
