using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Sorted elements, and the largest ones: exact.</summary>
internal static class OrderingCases
{
    internal static IEnumerable<OperationCase> All()
    {
        foreach ((Shape shape, int axis) in ((Shape, int)[])
            [([1], 0), ([17], 0), ([5, 16], 0), ([5, 16], -1), ([3, 0], 1), ([0, 3], 1), ([2, 3, 5], 1), ([2, 1, 3, 2, 1, 3], 5),
                ([3, 67], -1), ([131, 33], 0), ([3, 2051], 1)])
        {
            int along = axis < 0 ? axis + shape.Rank : axis, extent = shape[along];
            yield return Case(
                "Tensor.Sort", $"{shape} axis {axis}", shape, along, extent, descending: false, x => x.Sort(axis));
            yield return Case(
                "Tensor.Sort", $"{shape} axis {axis} descending", shape, along, extent, descending: true,
                x => x.Sort(axis, descending: true));
            foreach (int count in new[] { 0, 1, (extent + 1) / 2, extent }.Where(count => count <= extent).Distinct())
                yield return Case("Tensor.TopK", $"{count} of {shape} axis {axis}", shape, along, count, true, x => x.TopK(count, axis));
        }
    }

    private static OperationCase Case(
        string operation, string variant, Shape shape, int axis, int count, bool descending, Func<Tensor, Tensor> function)
    {
        Shape to = shape.With(axis, count);
        return new OperationCase(operation, variant, [new Input(shape, Apart)], x => function(x[0]), x =>
        {
            Expected y = new(to.Count);
            foreach (int[] line in shape.Count == 0 ? [] : Places.All(shape.With(axis, 1)))
            {
                int[] place = [.. line];
                IEnumerable<double> values = Enumerable.Range(0, shape[axis]).Select(i => x[0][Places.At(shape, At(i))]).ToArray();
                double[] ordered = [.. descending ? values.OrderDescending() : values.Order()];
                for (int i = 0; i < count; i++) y.Values[Places.At(to, At(i))] = ordered[i];

                int[] At(int i)
                {
                    place[axis] = i;
                    return place;
                }
            }

            return y;
        }, Exact)
        { Kinks = "equal elements" };
    }
}
