using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Operations that bring elements to another place, or make them: exact, all but the sums of ScatterAdd.</summary>
internal static class MoveCases
{
    private static readonly (Shape Table, Shape Indices)[] s_tables =
        [([7], [5]), ([5, 3], [4]), ([1, 17], [3]), ([11, 2], []), ([5, 2, 3], [2, 3]), ([3, 4], [0]), ([131, 33], [1031])];

    internal static IEnumerable<OperationCase> All() =>
    [
        .. Made(),
        Same("Tensor.Detach", "[17]", [17], x => x.Detach()) with { Orders = 0 },
        Same("Tensor.Reshape", "[] to [1, 1]", [], x => x.Reshape(1, 1)),
        Same("Tensor.Reshape", "[17] to [17]", [17], x => x.Reshape(17)),
        Same("Tensor.Reshape", "[2, 3, 5] to [5, -1]", [2, 3, 5], x => x.Reshape(5, -1)),
        Same("Tensor.Reshape", "[48] to [2, 1, 3, 2, 2, 2]", [48], x => x.Reshape(2, 1, 3, 2, 2, 2)),
        .. Permute(), .. Transpose(), .. Slice(), .. Indexed(), .. Pad(), .. Concat(), .. Stack(), .. OneHot(), .. BroadcastTo(),
        .. Gather(), .. ScatterAdd(), .. Cast(),
    ];

    private static IEnumerable<OperationCase> Made()
    {
        double[] values = [0.5, -1.25, 3, 0, 7, -2];
        Shape shape = [2, 3];
        yield return Constant("Tensor.From", "[2, 3] of float", () => Tensor.From(Array.ConvertAll(values, x => (float)x), shape), values);
        yield return Constant("Tensor.From", "[2, 3] of double", () => Tensor.From(values, shape), values);
        yield return Constant("Tensor.From", "[2, 3] of int", () => Tensor.From([5, -3, 0, 2147483647, -2147483648, 1], shape),
            [5, -3, 0, 2147483647, -2147483648, 1]);
        yield return Constant("Tensor.From", "[] of float", () => Tensor.From([0.5f], []), [0.5]);
        foreach (DType type in (DType[])[DType.Float32, DType.Float64, DType.Int32])
        {
            yield return Constant("Tensor.Full", $"[2, 3] of {type}", () => Tensor.Full(shape, -7, type), [-7, -7, -7, -7, -7, -7]);
            yield return Constant("Tensor.Zeros", $"[2, 3] of {type}", () => Tensor.Zeros(shape, type), [0, 0, 0, 0, 0, 0]);
            yield return Constant("Tensor.Ones", $"[2, 3] of {type}", () => Tensor.Ones(shape, type), [1, 1, 1, 1, 1, 1]);
        }
    }

    private static OperationCase Constant(string operation, string variant, Func<Tensor> make, double[] expected) =>
        new(operation, variant, [], _ => make(), _ => new Expected(expected), Exact) { Orders = 0 };

    private static OperationCase Same(string operation, string variant, Shape shape, Func<Tensor, Tensor> function) =>
        new(operation, variant, [new Input(shape, Any)], x => function(x[0]), x => new Expected(x[0]), Exact);

    /// <summary>A case that takes each element of the result from one place of one argument, or is a constant (-1).</summary>
    private static OperationCase Moved(
        string operation, string variant, Shape from, Shape to, Func<Tensor, Tensor> function, Func<int[], int[]?> source,
        double otherwise = 0)
    {
        int[] places = Array.ConvertAll(Places.All(to), indices => source(indices) is { } own ? Places.At(from, own) : -1);
        return new OperationCase(
            operation, variant, [new Input(from, Any)], x => function(x[0]), x =>
                new Expected(Array.ConvertAll(places, i => i < 0 ? otherwise : x[0][i])), Exact);
    }

    private static IEnumerable<OperationCase> Permute()
    {
        foreach ((Shape shape, int[] axes) in ((Shape, int[])[])
        [
            ([], []), ([17], [0]), ([5, 16], [1, 0]), ([33, 2], [-1, 0]), ([2, 3, 5], [0, 1, 2]), ([2, 3, 5], [2, 0, 1]),
            ([3, 2, 2, 5], [0, 2, 1, 3]),
            ([2, 1, 3, 2, 2], [4, 1, 0, 3, 2]), ([2, 1, 3, 2, 1, 3], [5, 4, 3, 2, 1, 0]), ([131, 257], [1, 0]), ([7, 33, 129], [1, 0, 2]),
        ])
        {
            int[] order = Array.ConvertAll(axes, axis => axis < 0 ? axis + shape.Rank : axis);
            Shape to = new(Array.ConvertAll(order, axis => shape[axis]));
            yield return Moved("Tensor.Permute", $"{shape} axes {string.Join(", ", axes)}", shape, to, x => x.Permute(axes), indices =>
            {
                int[] own = new int[indices.Length];
                for (int i = 0; i < own.Length; i++) own[order[i]] = indices[i];
                return own;
            });
        }
    }

    private static IEnumerable<OperationCase> Transpose()
    {
        foreach (Shape shape in (Shape[])[[1, 1], [5, 17], [2, 3, 5], [2, 1, 3, 1, 2, 3], [131, 257]])
        {
            int[] extents = shape.ToArray();
            (extents[^1], extents[^2]) = (extents[^2], extents[^1]);
            yield return Moved("Tensor.Transpose", $"{shape}", shape, new Shape(extents), x => x.Transpose(),
                indices => [.. indices[..^2], indices[^1], indices[^2]]);
        }
    }

    private static IEnumerable<OperationCase> Slice()
    {
        foreach ((Shape shape, int axis, int start, int length) in ((Shape, int, int, int)[])
        [
            ([17], 0, 3, 11), ([17], 0, 0, 17), ([5, 16], 0, 4, 1), ([5, 16], 1, 1, 15), ([2, 3, 5], -1, 2, 3), ([2, 3, 5], 1, 1, 2),
            ([7], 0, 3, 0),
            ([2, 1, 3, 2, 1, 3], 2, 1, 1), ([131, 257], 1, 100, 57),
        ])
        {
            int along = axis < 0 ? axis + shape.Rank : axis;
            yield return Moved("Tensor.Slice", $"{shape} axis {axis} from {start}, {length} long", shape, shape.With(along, length),
                x => x.Slice(axis, start, length), indices =>
            {
                int[] own = [.. indices];
                own[along] += start;
                return own;
            });
        }
    }

    private static IEnumerable<OperationCase> Indexed()
    {
        // Per axis: the place or the range, its start, and its length (0 for a place).
        foreach ((Shape shape, AxisIndex[] indices, (int Start, int Length)[] parts) in ((Shape, AxisIndex[], (int, int)[])[])
        [
            ([], [], []), ([17], [3], [(3, 0)]), ([17], [2..^4], [(2, 11)]), ([5, 16], [^1], [(4, 0)]),
            ([5, 16], [Range.All, 3], [(0, 5), (3, 0)]),
            ([2, 3, 5], [1, Range.All, ^2..], [(1, 0), (0, 3), (3, 2)]), ([2, 3, 5], [0, 1, 2], [(0, 0), (1, 0), (2, 0)]),
            ([7], [3..3], [(3, 0)]), ([2, 1, 3, 2, 1, 3], [Range.All, 0, 1.., ^1], [(0, 2), (0, 0), (1, 2), (1, 0)]),
            ([131, 257], [7..107, 100..157], [(7, 100), (100, 57)]),
        ])
        {
            bool[] isPlace = [.. Enumerable.Range(0, shape.Rank).Select(axis =>
                axis < indices.Length && indices[axis].ToString() is { } text && !text.Contains("..", StringComparison.Ordinal))];
            Shape to = new([.. Enumerable.Range(0, shape.Rank).Where(axis => !isPlace[axis])
                .Select(axis => axis < parts.Length ? parts[axis].Length : shape[axis])]);
            yield return Moved("Tensor.this[]", $"{shape} [{string.Join(", ", indices)}]", shape, to, x => x[indices], places =>
            {
                Queue<int> kept = new(places);
                return [.. Enumerable.Range(0, shape.Rank).Select(axis =>
                    (axis < parts.Length ? parts[axis].Start : 0) + (isPlace[axis] ? 0 : kept.Dequeue()))];
            });
        }

        yield return new OperationCase(
            "Tensor.this[]", "[5, 3] at [4]",
            [new Input([5, 3], Any), new Input([4], Index(5), IsDifferentiable: false, IsIndex: true)], x => x[0][x[1]],
            x => new Expected([.. x[1].SelectMany(row => x[0].Skip((int)row * 3).Take(3))]), Exact);
    }

    private static IEnumerable<OperationCase> Pad()
    {
        foreach ((Shape shape, int axis, int before, int after, double value) in ((Shape, int, int, int, double)[])
        [
            ([17], 0, 3, 1, 0), ([1], 0, 0, 16, 0.5), ([5, 13], 1, 2, 0, 0), ([5, 13], 0, 1, 1, -3), ([2, 3, 5], -2, 1, 2, 0),
            ([0], 0, 2, 1, 1),
            ([2, 1, 3, 2, 1, 3], 1, 1, 1, 0), ([131, 257], 0, 1, 2, 0),
        ])
        {
            int along = axis < 0 ? axis + shape.Rank : axis;
            Shape to = shape.With(along, before + shape[along] + after);
            yield return Moved("Tensor.Pad", $"{shape} axis {axis}, {before} before, {after} after, of {value}", shape, to,
                x => x.Pad(axis, before, after, value), indices =>
            {
                int[] own = [.. indices];
                own[along] -= before;
                return own[along] >= 0 && own[along] < shape[along] ? own : null;
            }, value);
        }
    }

    private static IEnumerable<OperationCase> Concat()
    {
        foreach ((Shape[] shapes, int axis) in ((Shape[], int)[])
        [
            ([[17]], 0), ([[5], [1], [11]], 0), ([[2, 16], [3, 16]], 0), ([[5, 7], [5, 1], [5, 8]], 1), ([[2, 3, 5], [2, 2, 5]], -2),
            ([[3, 0], [3, 2]], 1),
            ([[2, 1, 3, 2, 1, 3], [2, 1, 3, 2, 2, 3]], 4), ([[131, 57], [131, 100]], 1),
        ])
        {
            int along = axis < 0 ? axis + shapes[0].Rank : axis;
            Shape to = shapes[0].With(along, shapes.Sum(shape => shape[along]));
            int[][] all = Places.All(to);
            yield return new OperationCase(
                "Tensor.Concat",
                $"{string.Join(" ", shapes)} axis {axis}",
                Array.ConvertAll(shapes, shape => new Input(shape, Any)),
                x => Tensor.Concat(axis, x),
                x => new Expected(Array.ConvertAll(all, indices =>
                {
                    int[] own = [.. indices];
                    int part = 0;
                    while (own[along] >= shapes[part][along]) own[along] -= shapes[part++][along];
                    return x[part][Places.At(shapes[part], own)];
                })),
                Exact);
        }
    }

    private static IEnumerable<OperationCase> Stack()
    {
        foreach ((Shape shape, int parts, int axis) in ((Shape, int, int)[])
            [([], 3, 0), ([17], 2, 0), ([17], 2, 1), ([5, 16], 3, -1), ([2, 3, 5], 2, 1), ([3, 0], 2, -3), ([2, 1, 3, 2, 1], 2, 3),
                ([131, 57], 1, 2)])
        {
            int along = axis < 0 ? axis + shape.Rank + 1 : axis;
            Shape to = new([.. shape.ToArray()[..along], parts, .. shape.ToArray()[along..]]);
            int[][] all = Places.All(to);
            yield return new OperationCase(
                "Tensor.Stack", $"{parts} of {shape} axis {axis}", [.. Enumerable.Repeat(new Input(shape, Any), parts)],
                x => Tensor.Stack(axis, x),
                x => new Expected(Array.ConvertAll(
                    all, place => x[place[along]][Places.At(shape, [.. place[..along], .. place[(along + 1)..]])])), Exact);
        }
    }

    private static IEnumerable<OperationCase> OneHot()
    {
        foreach ((Shape shape, int classes) in ((Shape, int)[])[([], 1), ([17], 5), ([2, 3], 16), ([0], 3), ([1031], 33)])
            yield return new OperationCase(
                "Tensor.OneHot", $"{shape} of {classes}", [new Input(shape, Index(classes), IsDifferentiable: false, IsIndex: true)],
                x => x[0].OneHot(classes), x => new Expected([.. x[0].SelectMany(index =>
                    Enumerable.Range(0, classes).Select(place => place == index ? 1.0 : 0))]), Exact) { Orders = 0 };
    }

    private static IEnumerable<OperationCase> BroadcastTo()
    {
        foreach ((Shape from, Shape to) in (
            (Shape, Shape)[])[([], [17]), ([17], [17]), ([16], [5, 16]), ([5, 1], [5, 17]), ([3, 1], [2, 3, 5]),
            ([2, 1, 1, 2, 1], [2, 2, 3, 1, 2, 3]), ([33], [1031, 33])])
        {
            int[] places = Places.Broadcast(from, to);
            yield return new OperationCase(
                "Tensor.BroadcastTo", $"{from} to {to}", [new Input(from, Any)], x => x[0].BroadcastTo(to), x =>
                    new Expected(Array.ConvertAll(places, i => x[0][i])), Exact);
        }
    }

    private static IEnumerable<OperationCase> Gather()
    {
        foreach ((Shape table, Shape indices) in s_tables)
        {
            int width = table.Count / table[0];
            yield return new OperationCase(
                "Tensor.Gather",
                $"{table} at {indices}",
                [new Input(table, Any), new Input(indices, Index(table[0]), IsDifferentiable: false, IsIndex: true)],
                x => x[0].Gather(x[1]),
                x => new Expected([.. x[1].SelectMany(row => x[0].Skip((int)row * width).Take(width))]),
                Exact);
        }
    }

    private static IEnumerable<OperationCase> ScatterAdd()
    {
        foreach ((Shape table, Shape indices) in s_tables)
        {
            int width = table.Count / table[0];
            yield return new OperationCase(
                "Tensor.ScatterAdd",
                $"{table} at {indices}",
                [new Input(new Shape([.. indices.ToArray(), .. table.ToArray()[1..]]), Any),
                    new Input(indices, Index(table[0]), IsDifferentiable: false, IsIndex: true)],
                x => x[0].ScatterAdd(x[1], table),
                x =>
                {
                    Expected sums = new(table.Count);
                    for (int i = 0; i < x[0].Length; i++) sums.Add(((int)x[1][i / width] * width) + (i % width), x[0][i]);
                    return sums;
                },
                Terms(indices.Count));
        }
    }

    private static IEnumerable<OperationCase> Cast()
    {
        foreach (Shape shape in (Shape[])[[], [17], [2, 3, 5], [40009]])
        {
            // Differences in float64 are lost in a conversion to float32: there the gradient's values are checked, not its differences.
            yield return Same("Tensor.Cast", $"{shape} to Float64", shape, x => x.Cast(DType.Float64));
            yield return Same("Tensor.Cast", $"{shape} to Float32", shape, x => x.Cast(DType.Float32)) with {
                Orders = 0, HasGradient = true };
            yield return new OperationCase(
                "Tensor.Cast", $"{shape} to Int32", [new Input(shape, Between(-100, 100))], x => x[0].Cast(DType.Int32), x =>
                    new Expected(Array.ConvertAll(x[0], Math.Truncate)), Exact) { Orders = 0 };
        }
    }
}
