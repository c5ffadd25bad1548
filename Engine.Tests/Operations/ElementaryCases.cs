using Engine.Kernels.Elementwise;
using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Elementwise;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Elementary functions, each within its ULPs wherever it is defined: the ranges reach to where float32 runs out.</summary>
internal static class ElementaryCases
{
    private static readonly Shape[] s_wide = [[1009]];

    internal static IEnumerable<OperationCase> All() =>
    [
        .. Both("Tensor.Exp", x => x.Exp(), Math.Exp, Ulps(1), Between(-4, 2), Between(-85, 88)),
        .. Both("Tensor.Log", x => x.Log(), Math.Log, Ulps(1), Positive, Powers),
        .. Both("Tensor.Sqrt", x => x.Sqrt(), Math.Sqrt, Ulps(1), Positive, Powers),
        .. Unary("Tensor.Square", x => x.Square(), x => x * x, Ulps(1), Any),
        .. Unary("Tensor.Abs", x => x.Abs(), Math.Abs, Exact, AwayFrom(0), kinks: "x = 0"),
        .. Unary("Tensor.Clamp", x => x.Clamp(-0.5, 0.75), x => Math.Min(Math.Max(x, -0.5), 0.75), Exact, AwayFrom(-0.5, 0.75),
            kinks: "both bounds"),
        .. Both("Tensor.Sin", x => x.Sin(), Math.Sin, Ulps(3), Any, Between(-1000, 1000)),
        .. Both("Tensor.Cos", x => x.Cos(), Math.Cos, Ulps(4), Any, Between(-1000, 1000)),
        .. Both("Tensor.Erf", x => x.Erf(), References.Erf, Ulps(2), Any, Between(-5, 5)),
        .. Both("Tensor.Tanh", x => x.Tanh(), Math.Tanh, Ulps(3), Any, Between(-12, 12)),
        .. Both("Tensor.Sigmoid", x => x.Sigmoid(), References.Sigmoid, Ulps(3), Any, Between(-85, 85)),
        .. Both("Tensor.Softplus", x => x.Softplus(), References.Softplus, Ulps(2), Any, Between(-85, 85)),
        .. Unary("Tensor.Relu", x => x.Relu(), x => Math.Max(x, 0), Exact, AwayFrom(0), kinks: "x = 0"),
        .. Unary("Tensor.LeakyRelu", x => x.LeakyRelu(0.25), x => x < 0 ? 0.25 * x : x, Ulps(1), AwayFrom(0), kinks: "x = 0"),
        .. Both("Tensor.Silu", x => x.Silu(), x => x * References.Sigmoid(x), Ulps(4), Any, Between(-85, 85)),
        .. Elu(1), .. Elu(0.5),

        // 1 + erf loses what is tiny beside one, where x is far below zero.
        .. Gelu(false, x => References.Erf(x * Math.Sqrt(0.5))),
        .. Gelu(true, x => Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        .. Unary("Tensor.Apply", x => x.Apply(default(CubeOf), (g, x, _) => 3 * g * x.Square()), x => x * x * x, Ulps(2), Any),
        .. Pow(0, Any, Exact), .. Pow(1, Any, Exact), .. Pow(2, Any, Ulps(1)), .. Pow(3, Any, Ulps(2)),
        .. Pow(-1, AwayFrom(-0.25, -0.125, 0, 0.125, 0.25), Ulps(1)),
        .. Pow(0.5, Positive, Ulps(1)), .. Pow(-0.5, Positive, Ulps(2)),

        // Any other power is e^(power log x), whose exponent is rounded: 4 ULP while |power log x| is at most 3.5.
        .. Pow(1.5, Positive, Ulps(4)), .. Pow(-2.5, Positive, Ulps(4)), .. Pow(0.3, Positive, Ulps(4)),
    ];

    /// <summary>Positive numbers of all magnitudes of float32 but the subnormal ones.</summary>
    private static Draw Powers { get; } = (random, count) =>
        Array.ConvertAll(new double[count], _ => Math.ScaleB(1 + random.NextDouble(), random.Next(-126, 127)));

    /// <summary>All shapes in a range where differences are exact enough, and a wide range for the values alone.</summary>
    private static IEnumerable<OperationCase> Both(
        string operation, Func<Tensor, Tensor> function, Func<double, double> reference, Tolerance tolerance, Draw draw, Draw wide) =>
    [
        .. Unary(operation, function, reference, tolerance, draw),
        .. Unary(operation, function, reference, tolerance, wide, "wide range ", orders: 0, shapes: s_wide),
    ];

    private static IEnumerable<OperationCase> Gelu(bool approximate, Func<double, double> part)
    {
        string option = approximate ? "with tanh " : "";
        Func<double, double> value = x => 0.5 * x * (1 + part(x)), terms = x => 0.5 * Math.Abs(x) * (1 + Math.Abs(part(x)));
        return
        [
            .. Unary("Tensor.Gelu", x => x.Gelu(approximate), value, Terms(2), Any, option, terms: terms),
            .. Unary("Tensor.Gelu", x => x.Gelu(approximate), value, Terms(2), Between(-6, 6), $"wide range {option}", orders: 0,
                terms: terms, shapes: s_wide),
        ];
    }

    private static IEnumerable<OperationCase> Elu(double alpha) =>
    [
        .. Unary("Tensor.Elu", x => x.Elu(alpha), x => x > 0 ? x : alpha * References.Expm1(x), Ulps(3), AwayFrom(0), $"alpha {alpha} ",
            kinks: "x = 0"),
        .. Unary("Tensor.Elu", x => x.Elu(alpha), x => x > 0 ? x : alpha * References.Expm1(x), Ulps(3), Between(-85, 85),
            $"wide range alpha {alpha} ", "x = 0", orders: 0, shapes: s_wide),
    ];

    private static IEnumerable<OperationCase> Pow(double power, Draw draw, Tolerance tolerance) => Unary(
        "Tensor.Pow", x => x.Pow(power), x => Math.Pow(x, power), tolerance, draw, $"power {power} ",
        shapes: power == 1.5 ? Shapes : [[], [17], [3, 1, 11]]);

    /// <summary>An operation of a user's own; internal, so that the assembly of compiled kernels sees it.</summary>
    internal readonly struct CubeOf : IUnaryOp
    {
        public T Apply<T>(T x) where T : unmanaged, ILane<T> => x * x * x;
    }
}
