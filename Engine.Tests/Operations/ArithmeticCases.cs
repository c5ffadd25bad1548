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
        .. Compared("Tensor.Less", (x, y) => x.Less(y), x => x.Less(0.5), (x, y) => x < y),
        .. Compared("Tensor.LessOrEqual", (x, y) => x.LessOrEqual(y), x => x.LessOrEqual(0.5), (x, y) => x <= y),
        .. Compared("Tensor.Greater", (x, y) => x.Greater(y), x => x.Greater(0.5), (x, y) => x > y),
        .. Compared("Tensor.GreaterOrEqual", (x, y) => x.GreaterOrEqual(y), x => x.GreaterOrEqual(0.5), (x, y) => x >= y),
        .. Compared("Tensor.Equal", (x, y) => x.Equal(y), x => x.Equal(0.5), (x, y) => x == y),
        .. Compared("Tensor.NotEqual", (x, y) => x.NotEqual(y), x => x.NotEqual(0.5), (x, y) => x != y),
        .. Chosen(),
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

    /// <summary>With tensors, some elements of which are equal, and with a constant; without a gradient.</summary>
    private static IEnumerable<OperationCase> Compared(
        string operation, Func<Tensor, Tensor, Tensor> function, Func<Tensor, Tensor> withConstant, Func<double, double, bool> reference) =>
        Binary(operation, function, (x, y) => reference(x, y) ? 1 : 0, Exact, OneOf(-1, 0, 0.5, 0.75), OneOf(-1, 0, 0.5, 0.75))
            .Concat(Unary(
                operation, withConstant, x => reference(x, 0.5) ? 1 : 0, Exact, OneOf(-1, 0.5, 0.75), "constant ",
                shapes: [[], [17], [3, 0]]))
            .Select(c => c with { Orders = 0 });

    private static IEnumerable<OperationCase> Chosen()
    {
        foreach ((Shape ofCondition, Shape ofThen, Shape ofOtherwise) in ((Shape, Shape, Shape)[])
        [
            ([], [], []), ([17], [17], [17]), ([33], [], [33]), ([5, 1], [5, 16], [16]), ([2, 1, 3], [1, 5, 1], [2, 5, 3]),
            ([3, 0], [3, 1], []), ([31], [1], [1]), ([40009], [40009], [1]),
        ])
        {
            _ = Shape.TryBroadcast(ofThen, ofOtherwise, out Shape both);
            _ = Shape.TryBroadcast(ofCondition, both, out both);
            int[] condition = Places.Broadcast(ofCondition, both), then = Places.Broadcast(ofThen, both),
                otherwise = Places.Broadcast(ofOtherwise, both);
            yield return new OperationCase(
                "Tensor.Where", $"{ofCondition} {ofThen} {ofOtherwise}",
                [new(ofCondition, OneOf(0, 1), IsDifferentiable: false), new(ofThen, Any), new(ofOtherwise, Any)],
                x => Tensor.Where(x[0], x[1], x[2]),
                x => new Expected([.. condition.Select((at, i) => x[0][at] != 0 ? x[1][then[i]] : x[2][otherwise[i]])]), Exact);
        }
    }
}
