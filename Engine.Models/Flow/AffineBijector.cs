using Engine.Autograd;
using Engine.Autograd.Bijections;

namespace Engine.Models.Flow;

/// <summary>
/// z = x e^s + t with a log-scale that stays within a bound, s = bound tanh(raw / bound) (RealNVP, Dinh et al. 2016, arXiv:1605.08803).
/// </summary>
public sealed class AffineBijector : Bijector
{
    private readonly double? _bound;

    /// <summary>Makes the bijector.</summary>
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
