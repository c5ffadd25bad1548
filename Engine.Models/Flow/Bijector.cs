using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Kernels;
using Engine.Kernels.Flows;

namespace Engine.Models.Flow;

/// <summary>
/// How a coupling or an autoregressive flow transforms each element, given that element's parameters from a network (the transformer of
/// Papamakarios et al. 2019, arXiv:1912.02762).
/// </summary>
public abstract class Bijector
{
    /// <summary>Parameters of one element.</summary>
    public abstract int Parameters { get; }

    /// <summary>The result and its log-determinant.</summary>
    /// <param name="x">[batch, n].</param>
    /// <param name="parameters">[batch, n <see cref="Parameters"/>].</param>
    public abstract Transformed Apply(Tensor x, Tensor parameters);

    /// <summary>The inverse and its log-determinant.</summary>
    /// <param name="z">[batch, n].</param>
    /// <param name="parameters">[batch, n <see cref="Parameters"/>].</param>
    public abstract Transformed Invert(Tensor z, Tensor parameters);

    /// <summary>Parameters as <see cref="Apply"/> takes them, from one row of all elements for each parameter.</summary>
    /// <param name="parameters">[batch, <see cref="Parameters"/>, n].</param>
    public virtual Tensor Arranged(Tensor parameters) => parameters.Reshape(parameters.Shape[0], -1);
}

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

/// <summary>
/// z = x e^s + t with a log-scale that stays within a bound, s = bound tanh(raw / bound) (RealNVP, Dinh et al. 2016, arXiv:1605.08803).
/// </summary>
public sealed class AffineBijector : Bijector
{
    private readonly double? _bound;

    /// <summary>Creates the bijector.</summary>
    /// <param name="bound">The largest log-scale; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public AffineBijector(double? bound = 1)
    {
        if (bound is not null && !(bound > 0 && double.IsFinite(bound.Value)))
            throw new ArgumentOutOfRangeException(nameof(bound), bound, "The bound of log-scales must be positive and finite.");
        _bound = bound;
    }

    /// <inheritdoc/>
    public override int Parameters => 2;

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor parameters) => Bijection.Affine(x, parameters, Bound(x));

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor parameters) => Bijection.Affine(z, parameters, Bound(z), inverse: true);

    private Tensor? Bound(Tensor x) => _bound is { } bound ? Tensor.Full([1], bound, x.DType) : null;
}

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
