namespace Engine.Tests.Operations;

/// <summary>Makes the cases of elementwise operations: one for each of the shapes that such an operation can go wrong with.</summary>
internal static class Elementwise
{
    /// <summary>
    /// Ranks 0 to 6, one element, primes, sizes beside the widths of vectors, nothing at all, and one that threads share.
    /// </summary>
    internal static Shape[] Shapes { get; } =
    [
        [], [1], [7], [15], [16], [17], [31], [33], [47], [48], [49], [0], [5, 13], [3, 1, 11], [2, 3, 2, 5], [2, 1, 3, 1, 5],
        [2, 1, 3, 2, 1, 3], [40009],
    ];

    /// <summary>Pairs that broadcast along outer, middle and inner axes, on either side and on both.</summary>
    internal static (Shape Left, Shape Right)[] Pairs { get; } =
    [
        ([], []), ([1], [1]), ([17], [17]), ([33], []), ([], [31]), ([1], [15]), ([5, 16], [16]), ([17], [3, 17]), ([5, 16], [5, 1]),
        ([5, 1], [1, 13]),
        ([2, 3, 5], [2, 1, 5]), ([2, 1, 3], [1, 5, 1]), ([3, 0], [3, 1]), ([2, 1, 3, 1, 2, 3], [1, 2, 1, 2, 1, 3]), ([257, 131], [131]),
        ([129, 1], [129, 133]),
    ];

    internal static IEnumerable<OperationCase> Unary(
        string operation, Func<Tensor, Tensor> function, Func<double, double> reference, Tolerance tolerance, Draw draw,
        string option = "", string kinks = "", int orders = 2, Func<double, double>? terms = null, IEnumerable<Shape>? shapes = null) =>
        (shapes ?? Shapes).Select(shape => new OperationCase(
            operation,
            $"{option}{shape}",
            [new Input(shape, draw)],
            x => function(x[0]),
            x => new Expected(Array.ConvertAll(x[0], value => reference(value)), terms is null ? []
                : Array.ConvertAll(x[0], value => terms(value))),
            tolerance) { Kinks = kinks, Orders = orders });

    internal static IEnumerable<OperationCase> Binary(
        string operation, Func<Tensor, Tensor, Tensor> function, Func<double, double, double> reference, Tolerance tolerance, Draw left,
        Draw right, string kinks = "") =>
        Pairs.Select(pair => new OperationCase(
            operation,
            $"{pair.Left} {pair.Right}",
            [new Input(pair.Left, left), new Input(pair.Right, right)],
            x => function(x[0], x[1]),
            x => new Expected(Broadcast(pair.Left, pair.Right, x[0], x[1], reference)),
            tolerance) { Kinks = kinks });

    internal static double[] Broadcast(Shape left, Shape right, double[] x, double[] y, Func<double, double, double> reference)
    {
        if (!Shape.TryBroadcast(left, right, out Shape both)) throw new ArgumentException($"{left} and {right} do not broadcast.");
        int[] ofLeft = Places.Broadcast(left, both);
        int[] ofRight = Places.Broadcast(right, both);
        double[] z = new double[both.Count];
        for (int i = 0; i < z.Length; i++) z[i] = reference(x[ofLeft[i]], y[ofRight[i]]);
        return z;
    }
}
