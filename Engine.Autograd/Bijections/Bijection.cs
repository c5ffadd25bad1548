using Engine.Kernels;
using Engine.Kernels.Flows;

namespace Engine.Autograd.Bijections;

/// <summary>
/// Invertible elementwise functions with parameters of their own for each element, which in a flow come from a network that sees other
/// elements. Each gives the value with the logarithm of the determinant of its Jacobian, which is diagonal.
/// </summary>
public static partial class Bijection
{
    /// <summary>
    /// y = x e^s + t, or its inverse (x - t) e^-s (Dinh et al. 2016, arXiv:1605.08803, equation 7), in one kernel: s = bound tanh(raw /
    /// bound), or s = raw where no bound is given.
    /// </summary>
    /// <param name="x">[batch, ..., n].</param>
    /// <param name="parameters">[batch, ..., 2 n]: the n raw log-scales followed by the n shifts t.</param>
    /// <param name="bound">The bound of the log-scales, positive: [n], or one element for all; null for none.</param>
    /// <param name="active">Of the shape of one example: 1 where x is transformed, 0 where it is passed through. A constant; null for
    /// all.</param>
    /// <param name="inverse">True for the inverse.</param>
    /// <exception cref="ArgumentException">The shapes or types do not fit.</exception>
    public static Transformed Affine(Tensor x, Tensor parameters, Tensor? bound = null, Tensor? active = null, bool inverse = false)
    {
        const string Operation = "Bijection.Affine";
        if (x.Shape.Rank < 2 || x.Shape[-1] < 1 || parameters.Shape.Rank != x.Shape.Rank
            || parameters.Shape[-1] != 2L * x.Shape[-1] || parameters.Shape.With(-1, 0) != x.Shape.With(-1, 0))
            throw new ArgumentException(
                $"{Operation}: expected x [batch, ..., n] and parameters [batch, ..., 2 n], found {x.Shape} and {parameters.Shape}.");
        int channels = x.Shape[-1];
        Shape example = new(x.Shape.ToArray()[1..]);
        if (active is not null && active.Shape != example) throw new ArgumentException(
            $"{Operation}: expected what is active to have the shape {example} of one example, found {active.Shape}.");
        if (bound is not null && bound.Count != 1 && bound.Shape != new Shape(channels))
            throw new ArgumentException(
                $"{Operation}: expected a bound for each of {channels} channels, or one for all, found {bound.Shape}.");
        foreach (Tensor? other in (Tensor?[])[parameters, bound, active])
            if (other is not null && other.DType != x.DType) throw new ArgumentException(
                $"{Operation}: all arguments must hold one type, found {x.DType} and {other.DType}.");

        AffineStep step = new(x, parameters, bound, active, inverse,
            new AffineCouplingShape(x.Shape[0], example.Count / channels, channels));
        return step.Run(Operation);
    }

    /// <summary>
    /// A monotone rational-quadratic spline for each element, the identity outside of its interval (Durkan et al. 2019, arXiv:1906.04032),
    /// or its inverse. The inverse carries no gradient.
    /// </summary>
    /// <param name="x">[batch, ...].</param>
    /// <param name="parameters">As many rows of the spline's parameters as x has elements: [batch, ..., n parameters], of any shape with
    /// that many elements.</param>
    /// <param name="spline">Bins, interval and least extents.</param>
    /// <param name="inverse">True for the inverse.</param>
    /// <exception cref="ArgumentException">The shapes or types do not fit, or the spline is invalid.</exception>
    public static Transformed RationalQuadratic(Tensor x, Tensor parameters, SplineShape spline, bool inverse = false)
    {
        const string Operation = "Bijection.RationalQuadratic";
        spline.Check(Operation);
        if (x.Shape.Rank < 1 || parameters.Shape.Rank < 1 || parameters.Shape[0] != x.Shape[0]
            || parameters.Count != (long)x.Count * spline.Parameters)
        {
            throw new ArgumentException(
                $"{Operation}: expected {spline.Parameters} parameters for each element of x [batch, ...], found {parameters.Shape} for "
                + $"{x.Shape}.");
        }

        if (x.DType != parameters.DType) throw new ArgumentException(
            $"{Operation}: x and the parameters must hold one type, found {x.DType} and {parameters.DType}.");
        return new SplineStep(x, parameters, spline).Run(Operation, inverse);
    }
}

/// <summary>The result of an invertible function of a batch.</summary>
/// <param name="Value">The result: [batch, ...].</param>
/// <param name="LogDeterminant">log |det J| of each example, J being the Jacobian of the function where it was applied: [batch].</param>
public readonly record struct Transformed(Tensor Value, Tensor LogDeterminant);
