using Engine.Kernels.Pool;

namespace Engine.Tests.Operations;

/// <summary>The columns of the table of special values.</summary>
internal enum Special
{
    NaN,
    Infinity,
    Ties,
    Empty,
}

/// <summary>What an operation gives for arguments that hold a special value: a part of a row of the table in docs/kernels.md.</summary>
/// <param name="Operation">The operation, as the table writes it.</param>
/// <param name="Column">The kind of special value.</param>
/// <param name="Function">The operation.</param>
/// <param name="Inputs">The elements of its arguments.</param>
/// <param name="Values">The elements of the result.</param>
/// <param name="Gradients">The gradients of the sum of the result, null where there is none.</param>
internal sealed record SpecialCase(
    string Operation, Special Column, Func<Tensor[], Tensor> Function, double[][] Inputs, double[] Values, double[]?[] Gradients)
{
    /// <summary>The shapes of the arguments; null for vectors.</summary>
    internal Shape[]? Shapes { get; init; }

    /// <summary>Part of the message with which the operation refuses its arguments; null where it does not.</summary>
    internal string? Refusal { get; init; }

    internal Shape ShapeOf(int input) => Shapes?[input] ?? [Inputs[input].Length];

    public override string ToString() => $"{Operation} of {string.Join(" and ", Inputs.Select(SpecialValueTable.Format))}";
}

/// <summary>Values and gradients at NaN, at infinities, where elements are equal, and of nothing at all.</summary>
internal static class ExtremeNaNCases
{
    private const double Inf = double.PositiveInfinity, NaN = double.NaN, E = Math.E;

    internal static IReadOnlyList<SpecialCase> All { get; } =
    [
        .. Sums(), .. Extremes(), .. Choices(), .. Arithmetic(), .. Powers(), .. Functions(), .. Activations(), .. Rows(), .. Windows(),
        .. Products(), .. Ordered(), .. Compared(),
    ];

    private static IEnumerable<SpecialCase> Sums() =>
    [
        Of("Sum", Special.NaN, x => x.Sum(), [1, NaN], [NaN], [1, 1]), Of("Sum", Special.Infinity, x => x.Sum(), [1, Inf], [Inf], [1, 1]),
        Of("Sum", Special.Infinity, x => x.Sum(), [-Inf, Inf], [NaN], [1, 1]), Of("Sum", Special.Empty, x => x.Sum(), [], [0], []),
        Of("Mean", Special.NaN, x => x.Mean(), [1, NaN], [NaN], [0.5, 0.5]),
        Of("Mean", Special.Infinity, x => x.Mean(), [1, Inf], [Inf], [0.5, 0.5]), Refused("Mean", x => x.Mean(), "expected elements"),
        Of("LogSumExp", Special.NaN, x => x.LogSumExp(), [1, NaN], [NaN], [NaN, NaN]),
        Of("LogSumExp", Special.Infinity, x => x.LogSumExp(), [1, Inf], [Inf], [0, 1]),
        Of("LogSumExp", Special.Infinity, x => x.LogSumExp(), [-Inf, 2], [2], [0, 1]),
        Of("LogSumExp", Special.Infinity, x => x.LogSumExp(), [-Inf, -Inf], [-Inf], [0.5, 0.5]),
        Of("LogSumExp", Special.Ties, x => x.LogSumExp(), [Inf, 0, Inf], [Inf], [0.5, 0, 0.5]),
        Refused("LogSumExp", x => x.LogSumExp(), "expected elements"),
    ];

    private static IEnumerable<SpecialCase> Extremes() =>
    [
        Of("Max", Special.NaN, x => x.Max(), [1, NaN, 3], [NaN], [0, 1, 0]),
        Of("Max", Special.NaN, x => x.Max(), [NaN, NaN], [NaN], [0.5, 0.5]),
        Of("Max", Special.Infinity, x => x.Max(), [1, Inf], [Inf], [0, 1]), Of("Max", Special.Infinity, x => x.Max(), [-Inf], [-Inf], [1]),
        Of("Max", Special.Ties, x => x.Max(), [2, 1, 2], [2], [0.5, 0, 0.5]),
        Of("Max", Special.Ties, x => x.Max(), [Inf, 1, Inf], [Inf], [0.5, 0, 0.5]), Refused("Max", x => x.Max(), "expected elements"),
        Of("Max over an axis", Special.NaN, x => x.Max(1), [1, NaN, Inf, 3], [NaN, Inf], [0, 1, 1, 0]) with { Shapes = [[2, 2]] },
        Of("Max over an axis", Special.Infinity, x => x.Max(0), [1, Inf, -Inf, Inf], [1, Inf], [1, 0.5, 0, 0.5]) with { Shapes = [[2, 2]] },
        Of("Min", Special.NaN, x => x.Min(), [1, NaN, 3], [NaN], [0, 1, 0]),
        Of("Min", Special.Infinity, x => x.Min(), [1, -Inf, Inf], [-Inf], [0, 1, 0]),
        Of("Min", Special.Ties, x => x.Min(), [-Inf, 1, -Inf], [-Inf], [0.5, 0, 0.5]), Refused("Min", x => x.Min(), "expected elements"),
        Of("ArgMax", Special.NaN, x => x.ArgMax(0), [1, NaN, NaN], [1]), Of("ArgMax", Special.Infinity, x => x.ArgMax(0), [1, Inf], [1]),
        Of("ArgMax", Special.Ties, x => x.ArgMax(0), [1, 3, 3], [1]), Refused("ArgMax", x => x.ArgMax(0), "expected elements"),
        Two("Maximum", Special.NaN, Tensor.Maximum, [NaN, 1, NaN], [1, NaN, NaN], [NaN, NaN, NaN], [1, 0, 0.5], [0, 1, 0.5]),
        Two("Maximum", Special.Infinity, Tensor.Maximum, [Inf, -Inf], [1, 1], [Inf, 1], [1, 0], [0, 1]),
        Two("Maximum", Special.Ties, Tensor.Maximum, [2, Inf], [2, Inf], [2, Inf], [0.5, 0.5], [0.5, 0.5]),
        Two("Maximum", Special.Empty, Tensor.Maximum, [], [], [], [], []),
        Two("Minimum", Special.NaN, Tensor.Minimum, [NaN, 1, NaN], [1, NaN, NaN], [NaN, NaN, NaN], [1, 0, 0.5], [0, 1, 0.5]),
        Two("Minimum", Special.Infinity, Tensor.Minimum, [Inf, -Inf], [1, 1], [1, -Inf], [0, 1], [1, 0]),
        Two("Minimum", Special.Ties, Tensor.Minimum, [2, -Inf], [2, -Inf], [2, -Inf], [0.5, 0.5], [0.5, 0.5]),
        Two("Minimum", Special.Empty, Tensor.Minimum, [], [], [], [], []),
    ];

    private static IEnumerable<SpecialCase> Choices() =>
    [
        Of("Clamp(0, 1)", Special.NaN, x => x.Clamp(0, 1), [NaN], [NaN], [1]),
        Of("Clamp(0, 1)", Special.Infinity, x => x.Clamp(0, 1), [-Inf, Inf], [0, 1], [0, 0]),
        Of("Clamp(0, 1)", Special.Ties, x => x.Clamp(0, 1), [0, 1], [0, 1], [1, 1]),
        Of("Clamp(0, 1)", Special.Empty, x => x.Clamp(0, 1), [], [], []),
        Of("Abs", Special.NaN, x => x.Abs(), [NaN], [NaN], [NaN]),
        Of("Abs", Special.Infinity, x => x.Abs(), [-Inf, Inf], [Inf, Inf], [-1, 1]),
        Of("Abs", Special.Ties, x => x.Abs(), [0], [0], [0]), Of("Abs", Special.Empty, x => x.Abs(), [], [], []),
        Of("Relu", Special.NaN, x => x.Relu(), [NaN], [NaN], [1]),
        Of("Relu", Special.Infinity, x => x.Relu(), [-Inf, Inf], [0, Inf], [0, 1]),
        Of("Relu", Special.Ties, x => x.Relu(), [0], [0], [0]), Of("Relu", Special.Empty, x => x.Relu(), [], [], []),
        Of("LeakyRelu(0.25)", Special.NaN, x => x.LeakyRelu(0.25), [NaN], [NaN], [1]),
        Of("LeakyRelu(0.25)", Special.Infinity, x => x.LeakyRelu(0.25), [-Inf, Inf], [-Inf, Inf], [0.25, 1]),
        Of("LeakyRelu(0.25)", Special.Ties, x => x.LeakyRelu(0.25), [0], [0], [0.25]),
        Of("LeakyRelu(0.25)", Special.Empty, x => x.LeakyRelu(0.25), [], [], []),
        Of("Elu(2)", Special.NaN, x => x.Elu(2), [NaN], [NaN], [NaN]),
        Of("Elu(2)", Special.Infinity, x => x.Elu(2), [-Inf, Inf], [-2, Inf], [0, 1]),
        Of("Elu(2)", Special.Ties, x => x.Elu(2), [0], [0], [2]), Of("Elu(2)", Special.Empty, x => x.Elu(2), [], [], []),
    ];

    private static IEnumerable<SpecialCase> Arithmetic() =>
    [
        Two("x + y", Special.NaN, (x, y) => x + y, [NaN], [1], [NaN], [1], [1]),
        Two("x + y", Special.Infinity, (x, y) => x + y, [Inf, Inf], [1, -Inf], [Inf, NaN], [1, 1], [1, 1]),
        Two("x - y", Special.NaN, (x, y) => x - y, [NaN], [1], [NaN], [1], [-1]),
        Two("x - y", Special.Infinity, (x, y) => x - y, [Inf, Inf], [1, Inf], [Inf, NaN], [1, 1], [-1, -1]),
        Two("x y", Special.NaN, (x, y) => x * y, [NaN], [0], [NaN], [0], [NaN]),
        Two("x y", Special.Infinity, (x, y) => x * y, [Inf, Inf], [2, 0], [Inf, NaN], [2, 0], [Inf, Inf]),
        Two("x / y", Special.NaN, (x, y) => x / y, [NaN], [2], [NaN], [0.5], [NaN]),
        Two("x / y", Special.Infinity, (x, y) => x / y, [1, 1, Inf], [0, Inf, 2], [Inf, 0, Inf], [Inf, 0, 0.5], [-Inf, 0, -Inf]),
        Two("x / y", Special.Ties, (x, y) => x / y, [0], [0], [NaN], [Inf], [NaN]),
        Of("x / 2", Special.NaN, x => x / 2, [NaN], [NaN], [0.5]), Of("x / 2", Special.Infinity, x => x / 2, [Inf], [Inf], [0.5]),
        Of("x / 0", Special.Infinity, x => x / 0, [1, -1, Inf], [Inf, -Inf, Inf], [Inf, Inf, Inf]),
        Of("x / 0", Special.Ties, x => x / 0, [0], [NaN], [Inf]),
        Of("1 / x", Special.NaN, x => 1 / x, [NaN], [NaN], [NaN]), Of("1 / x", Special.Infinity, x => 1 / x, [0, Inf], [Inf, 0], [-Inf, 0]),
        Of("x / y", Special.Empty, x => x / x, [], [], []),
    ];

    private static IEnumerable<SpecialCase> Powers() =>
    [
        Of("Pow(0)", Special.NaN, x => x.Pow(0), [NaN], [1], [0]),
        Of("Pow(0)", Special.Infinity, x => x.Pow(0), [-Inf, Inf], [1, 1], [0, 0]),
        Of("Pow(0)", Special.Ties, x => x.Pow(0), [0], [1], [0]),
        Of("Pow(1)", Special.NaN, x => x.Pow(1), [NaN], [NaN], [1]), Of("Pow(1)", Special.Infinity, x => x.Pow(1), [-Inf], [-Inf], [1]),
        Of("Pow(0.5)", Special.NaN, x => x.Pow(0.5), [NaN, -1], [NaN, NaN], [NaN, NaN]),
        Of("Pow(0.5)", Special.Infinity, x => x.Pow(0.5), [Inf], [Inf], [0]),
        Of("Pow(0.5)", Special.Infinity, x => x.Pow(0.5), [-Inf], [Inf], [0]),
        Of("Pow(0.5)", Special.Ties, x => x.Pow(0.5), [0], [0], [Inf]),
        Of("Pow(-0.5)", Special.Infinity, x => x.Pow(-0.5), [0, Inf], [Inf, 0], [-Inf, 0]),
        Of("Pow(2.5)", Special.NaN, x => x.Pow(2.5), [NaN, -2], [NaN, NaN], [NaN, NaN]),
        Of("Pow(2.5)", Special.Infinity, x => x.Pow(2.5), [Inf], [Inf], [Inf]),
        Of("Pow(2.5)", Special.Ties, x => x.Pow(2.5), [0], [0], [0]),
        Of("Pow(3)", Special.NaN, x => x.Pow(3), [NaN], [NaN], [NaN]), Of("Pow(3)", Special.Infinity, x => x.Pow(3), [-Inf], [-Inf], [Inf]),
        Of("Pow(4)", Special.NaN, x => x.Pow(4), [NaN], [NaN], [NaN]), Of("Pow(4)", Special.Infinity, x => x.Pow(4), [-Inf], [Inf], [-Inf]),
        Of("Pow(4)", Special.Ties, x => x.Pow(4), [0], [0], [0]), Of("Pow(4)", Special.Empty, x => x.Pow(4), [], [], []),
        Of("Pow(-3)", Special.NaN, x => x.Pow(-3), [NaN], [NaN], [NaN]),
        Of("Pow(-3)", Special.Infinity, x => x.Pow(-3), [0, -Inf], [Inf, 0], [-Inf, 0]),
        Of("Square", Special.NaN, x => x.Square(), [NaN], [NaN], [NaN]),
        Of("Square", Special.Infinity, x => x.Square(), [-Inf], [Inf], [-Inf]),
    ];

    private static IEnumerable<SpecialCase> Functions() =>
    [
        Of("Exp", Special.NaN, x => x.Exp(), [NaN], [NaN], [NaN]),
        Of("Exp", Special.Infinity, x => x.Exp(), [-Inf, Inf], [0, Inf], [0, Inf]),
        Of("Log", Special.NaN, x => x.Log(), [NaN, -1], [NaN, NaN], [NaN, -1]),
        Of("Log", Special.Infinity, x => x.Log(), [Inf], [Inf], [0]),
        Of("Log", Special.Ties, x => x.Log(), [0], [-Inf], [Inf]),
        Of("Sqrt", Special.NaN, x => x.Sqrt(), [NaN, -1], [NaN, NaN], [NaN, NaN]),
        Of("Sqrt", Special.Infinity, x => x.Sqrt(), [Inf], [Inf], [0]),
        Of("Sqrt", Special.Ties, x => x.Sqrt(), [0], [0], [Inf]),
        Of("Erf", Special.NaN, x => x.Erf(), [NaN], [NaN], [NaN]), Of("Erf", Special.Infinity, x => x.Erf(), [-Inf, Inf], [-1, 1], [0, 0]),
    ];

    private static IEnumerable<SpecialCase> Activations() =>
    [
        Of("Sigmoid", Special.NaN, x => x.Sigmoid(), [NaN], [NaN], [NaN]),
        Of("Sigmoid", Special.Infinity, x => x.Sigmoid(), [-Inf, Inf], [0, 1], [0, 0]),
        Of("Tanh", Special.NaN, x => x.Tanh(), [NaN], [NaN], [NaN]),
        Of("Tanh", Special.Infinity, x => x.Tanh(), [-Inf, Inf], [-1, 1], [0, 0]),
        Of("Softplus", Special.NaN, x => x.Softplus(), [NaN], [NaN], [NaN]),
        Of("Softplus", Special.Infinity, x => x.Softplus(), [-Inf, Inf], [0, Inf], [0, 1]),
        Of("Silu", Special.NaN, x => x.Silu(), [NaN], [NaN], [NaN]),
        Of("Silu", Special.Infinity, x => x.Silu(), [-Inf, Inf], [0, Inf], [0, 1]),
        Of("Gelu", Special.NaN, x => x.Gelu(), [NaN], [NaN], [NaN]),
        Of("Gelu", Special.Infinity, x => x.Gelu(), [-Inf, Inf], [0, Inf], [0, 1]),
        Of("Gelu(approximate)", Special.NaN, x => x.Gelu(true), [NaN], [NaN], [NaN]),
        Of("Gelu(approximate)", Special.Infinity, x => x.Gelu(true), [-Inf, Inf], [0, Inf], [0, 1]),
    ];

    private static IEnumerable<SpecialCase> Rows() =>
    [
        Of("Softmax", Special.NaN, x => x.Softmax(), [1, NaN, 2, 2], [NaN, NaN, 0.5, 0.5], [NaN, NaN, 0, 0]) with { Shapes = [[2, 2]] },
        Of("Softmax", Special.Infinity, x => x.Softmax(), [1, -Inf], [1, 0], [0, 0]),
        Of("Softmax", Special.Infinity, x => x.Softmax(), [1, Inf], [NaN, NaN], [NaN, NaN]),
        Of("Softmax", Special.Infinity, x => x.Softmax(), [-Inf, -Inf], [NaN, NaN], [NaN, NaN]),
        Of("Softmax", Special.Ties, x => x.Softmax(), [3, 3], [0.5, 0.5], [0, 0]),
        Of("Softmax", Special.Empty, x => x.Softmax(), [], [], []),
        Of("LogSoftmax", Special.NaN, x => x.LogSoftmax(), [1, NaN], [NaN, NaN], [NaN, NaN]),
        Of("LogSoftmax", Special.Infinity, x => x.LogSoftmax(), [1, -Inf], [0, -Inf], [-1, 1]),
        Of("LogSoftmax", Special.Empty, x => x.LogSoftmax(), [], [], []),
    ];

    private static IEnumerable<SpecialCase> Windows()
    {
        Shape[] image = [[1, 1, 4, 1]];
        PoolWindow two = new(1, 2, 1, 2), three = new(1, 3, 1, 1);
        return
        [
            Of("MaxPool2d", Special.NaN, x => x.MaxPool2d(two), [1, NaN, NaN, 3], [NaN, NaN], [0, 1, 1, 0]) with { Shapes = image },
            Of("MaxPool2d", Special.NaN, x => x.MaxPool2d(three), [NaN, 5, NaN, 3], [NaN, NaN], [1, 0, 1, 0]) with { Shapes = image },
            Of("MaxPool2d", Special.Infinity, x => x.MaxPool2d(two), [1, Inf, -Inf, -Inf], [Inf, -Inf], [0, 1, 1, 0]) with {
                Shapes = image },
            Of("MaxPool2d", Special.Ties, x => x.MaxPool2d(two), [2, 2, Inf, Inf], [2, Inf], [1, 0, 1, 0]) with { Shapes = image },
            Of("MaxPool2d", Special.Empty, x => x.MaxPool2d(two), [], [], []) with { Shapes = [[0, 1, 4, 1]] },
            Of("AvgPool2d", Special.NaN, x => x.AvgPool2d(two), [1, NaN, 3, 5], [NaN, 4], [0.5, 0.5, 0.5, 0.5]) with { Shapes = image },
            Of("AvgPool2d", Special.Infinity, x => x.AvgPool2d(two), [1, Inf, -Inf, Inf], [Inf, NaN], [0.5, 0.5, 0.5, 0.5]) with {
                Shapes = image },
            Of("AvgPool2d", Special.Empty, x => x.AvgPool2d(two), [], [], []) with { Shapes = [[0, 1, 4, 1]] },
        ];
    }

    private static IEnumerable<SpecialCase> Products() =>
    [
        Two("MatMul", Special.NaN, (x, y) => x.MatMul(y), [0, 1], [NaN, 2], [NaN], [NaN, 2], [0, 1]) with { Shapes = [[1, 2], [2, 1]] },
        Two("MatMul", Special.Infinity, (x, y) => x.MatMul(y), [1, 2], [Inf, 2], [Inf], [Inf, 2], [1, 2]) with {
            Shapes = [[1, 2], [2, 1]] },
        Two("MatMul", Special.Empty, (x, y) => x.MatMul(y), [], [], [0], [], []) with { Shapes = [[1, 0], [0, 1]] },
    ];

    private static IEnumerable<SpecialCase> Ordered() =>
    [
        Of("Sort", Special.NaN, x => x.Sort(), [NaN, 1, 0], [0, 1, NaN], [1, 1, 1]),
        Of("Sort", Special.Infinity, x => x.Sort(), [Inf, 1, -Inf], [-Inf, 1, Inf], [1, 1, 1]),
        Of("Sort", Special.Ties, x => x.Sort(), [0, -1, 0], [-1, 0, 0], [1, 1, 1]), Of("Sort", Special.Empty, x => x.Sort(), [], [], []),
        Of("TopK(1)", Special.NaN, x => x.TopK(1), [1, NaN, Inf], [NaN], [0, 1, 0]),
        Of("TopK(1)", Special.Infinity, x => x.TopK(1), [1, Inf], [Inf], [0, 1]),
        Of("TopK(1)", Special.Ties, x => x.TopK(1), [2, 2], [2], [1, 0]), Refused("TopK(1)", x => x.TopK(1), "0 elements"),
        Of("CumSum", Special.NaN, x => x.CumSum(0), [1, NaN, 2], [1, NaN, NaN], [3, 2, 1]),
        Of("CumSum", Special.Infinity, x => x.CumSum(0), [Inf, 1, -Inf], [Inf, Inf, NaN], [3, 2, 1]),
        Of("CumSum", Special.Empty, x => x.CumSum(0), [], [], []),
        Of("Norm", Special.NaN, x => x.Norm(), [3, NaN], [NaN], [NaN, NaN]),
        Of("Norm", Special.Infinity, x => x.Norm(), [3, -Inf], [Inf], [0, NaN]),
        Of("Norm", Special.Ties, x => x.Norm(), [0, 0], [0], [0, 0]), Refused("Norm", x => x.Norm(), "elements"),
    ];

    private static IEnumerable<SpecialCase> Compared() =>
    [
        .. Comparison("Less", (x, y) => x.Less(y), [0, 0, 0], [1, 0], [0]),
        .. Comparison("LessOrEqual", (x, y) => x.LessOrEqual(y), [0, 0, 0], [1, 1], [1]),
        .. Comparison("Greater", (x, y) => x.Greater(y), [0, 0, 0], [0, 0], [0]),
        .. Comparison("GreaterOrEqual", (x, y) => x.GreaterOrEqual(y), [0, 0, 0], [0, 1], [1]),
        .. Comparison("Equal", (x, y) => x.Equal(y), [0, 0, 0], [0, 1], [1]),
        .. Comparison("NotEqual", (x, y) => x.NotEqual(y), [1, 1, 1], [1, 0], [0]),
    ];

    private static IEnumerable<SpecialCase> Comparison(
        string operation, Func<Tensor, Tensor, Tensor> function, double[] ofNaN, double[] ofInfinity, double[] ofTies) =>
    [
        new(operation, Special.NaN, t => function(t[0], t[1]), [[NaN, 1, NaN], [1, NaN, NaN]], ofNaN, [null, null]),
        new(operation, Special.Infinity, t => function(t[0], t[1]), [[-Inf, Inf], [1, Inf]], ofInfinity, [null, null]),
        new(operation, Special.Ties, t => function(t[0], t[1]), [[2], [2]], ofTies, [null, null]),
    ];

    private static SpecialCase Of(
        string operation, Special column, Func<Tensor, Tensor> function, double[] x, double[] values, double[]? gradient = null) =>
        new(operation, column, t => function(t[0]), [x], values, [gradient]);

    private static SpecialCase Two(
        string operation, Special column, Func<Tensor, Tensor, Tensor> function, double[] x, double[] y, double[] values, double[] ofX,
        double[] ofY) =>
        new(operation, column, t => function(t[0], t[1]), [x, y], values, [ofX, ofY]);

    private static SpecialCase Refused(string operation, Func<Tensor, Tensor> function, string message) =>
        new(operation, Special.Empty, t => function(t[0]), [[]], [], [null]) { Refusal = message };
}
