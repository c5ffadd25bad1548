using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Elementwise;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Arithmetic of tensors and numbers. One rounding is half an ULP; a constant that is rounded first adds another.</summary>
internal static class ArithmeticCases
{
    private const string Ties = "equal elements";

    internal static IEnumerable<OperationCase> All() =>
    [
        .. Binary("Tensor.operator +(Tensor, Tensor)", (x, y) => x + y, (x, y) => x + y, Ulps(1), Any, Any),
        .. Binary("Tensor.operator -(Tensor, Tensor)", (x, y) => x - y, (x, y) => x - y, Ulps(1), Any, Any),
        .. Binary("Tensor.operator *(Tensor, Tensor)", (x, y) => x * y, (x, y) => x * y, Ulps(1), Any, Any),
        .. Binary("Tensor.operator /(Tensor, Tensor)", (x, y) => x / y, (x, y) => x / y, Ulps(1), Any,
            AwayFrom(-0.25, -0.125, 0, 0.125, 0.25)),
        .. Binary("Tensor.Maximum", Tensor.Maximum, Math.Max, Exact, Grid(0), Grid(0.125), Ties),
        .. Binary("Tensor.Minimum", Tensor.Minimum, Math.Min, Exact, Grid(0), Grid(0.125), Ties),
        .. Unary("Tensor.operator +(Tensor, double)", x => x + 0.75, x => x + 0.75, Ulps(1), Any),
        .. Unary("Tensor.operator +(double, Tensor)", x => 0.75 + x, x => 0.75 + x, Ulps(1), Any),
        .. Unary("Tensor.operator -(Tensor, double)", x => x - 0.75, x => x - 0.75, Ulps(1), Any),
        .. Unary("Tensor.operator -(double, Tensor)", x => 0.75 - x, x => 0.75 - x, Ulps(1), Any),
        .. Unary("Tensor.operator *(Tensor, double)", x => x * 0.3, x => x * 0.3, Ulps(2), Any),
        .. Unary("Tensor.operator *(double, Tensor)", x => 0.3 * x, x => 0.3 * x, Ulps(2), Any),
        .. Unary("Tensor.operator /(Tensor, double)", x => x / 0.3, x => x / 0.3, Ulps(2), Any),
        .. Unary("Tensor.operator /(double, Tensor)", x => 0.3 / x, x => 0.3 / x, Ulps(2), AwayFrom(-0.25, -0.125, 0, 0.125, 0.25)),
        .. Unary("Tensor.operator -(Tensor)", x => -x, x => -x, Exact, Any),

        // A product and a sum, which may cancel; where the machine has no fused multiply-add the product is rounded too.
        .. Unary("Tensor.Affine", x => x.Affine(-0.3, 0.7), x => (-0.3 * x) + 0.7, Terms(2), Any, terms: x => Math.Abs(0.3 * x) + 0.7),
    ];
}
