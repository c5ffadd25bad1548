using Engine.Autograd;
using Engine.Autograd.Bijections;

namespace Engine.Models.Flow;

/// <summary>
/// z = log(v / (1 - v)), v = alpha / 2 + (1 - alpha) x: from pixels in [0, 1] to all numbers, which the flow then need not keep inside of
/// bounds (Dinh et al. 2016, arXiv:1605.08803, section 4.1).
/// </summary>
/// <param name="alpha">How far v keeps away from 0 and 1, so that the logarithm stays finite; in (0, 1).</param>
public sealed class LogitTransform(double alpha = 1e-5) : FlowTransform
{
    private readonly double _alpha = alpha is > 0 and < 1 ? alpha
        : throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "alpha must be between 0 and 1.");

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null)
    {
        Tensor v = x.Affine(1 - _alpha, _alpha / 2);
        Tensor z = v.Log() - (1 - v).Log();
        return new(z, LogSlopes(z));
    }

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) =>
        new(z.Sigmoid().Affine(1 / (1 - _alpha), -_alpha / (2 * (1 - _alpha))), -LogSlopes(z));

    // log dz/dx = log(1 - alpha) - log v - log(1 - v), and -log v - log(1 - v) = 2 softplus(z) - z
    private Tensor LogSlopes(Tensor z)
    {
        Tensor flat = z.Reshape(z.Shape[0], -1);
        return ((2 * flat.Softplus()) - flat).Sum(1) + (flat.Shape[1] * Math.Log(1 - _alpha));
    }
}
