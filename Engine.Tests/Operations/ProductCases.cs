using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Matrix products and the fully connected layer, beside the tiles of the kernels: 8, 16 and 48 wide, 6, 8 and 12 high.</summary>
internal static class ProductCases
{
    private static readonly (int M, int K, int N)[] s_extents =
    [
        (1, 1, 1), (1, 7, 1), (3, 1, 5), (5, 3, 2), (2, 17, 3), (7, 16, 15), (8, 5, 16), (9, 4, 17), (13, 3, 31), (6, 5, 47), (8, 3, 48),
        (12, 2, 49), (4, 0, 3), (65, 33, 97),
    ];

    internal static IEnumerable<OperationCase> All() => [.. MatMul(), .. Linear()];

    private static IEnumerable<OperationCase> MatMul()
    {
        foreach ((int m, int k, int n) in s_extents)
        {
            foreach ((bool transposeA, bool transposeB) in ((bool, bool)[])[(false, false), (false, true), (true, false), (true, true)])
                yield return Product(m, k, n, transposeA, transposeB, [], []);
        }

        foreach ((int[] a, int[] b) in (
            (int[], int[])[])[([3], [3]), ([3], []), ([], [3]), ([2, 3], [2, 3]), ([2, 1, 3], []), ([2, 1, 2, 1], [2, 1, 2, 1])])
        {
            foreach ((bool transposeA, bool transposeB) in ((bool, bool)[])[(false, false), (false, true), (true, false), (true, true)])
                yield return Product(2, 3, 5, transposeA, transposeB, a, b);
        }

        yield return Product(17, 33, 9, false, false, [5], [5]);
        yield return Product(17, 33, 9, true, true, [5], [5]);
    }

    private static OperationCase Product(int m, int k, int n, bool transposeA, bool transposeB, int[] outerA, int[] outerB)
    {
        Shape a = [.. outerA, .. (int[])(transposeA ? [k, m] : [m, k])];
        Shape b = [.. outerB, .. (int[])(transposeB ? [n, k] : [k, n])];
        int batch = new Shape(outerA.Length > 0 ? outerA : outerB).Count;
        return new OperationCase(
            "Tensor.MatMul",
            $"{a}{(transposeA ? "^T" : "")} {b}{(transposeB ? "^T" : "")}",
            [new Input(a, Any), new Input(b, Any)],
            x => x[0].MatMul(x[1], transposeA, transposeB),
            x =>
            {
                Expected c = new(batch * m * n);
                for (int item = 0; item < batch; item++)
                {
                    int firstA = outerA.Length > 0 ? item * m * k : 0;
                    int firstB = outerB.Length > 0 ? item * k * n : 0;
                    for (int i = 0; i < m; i++)
                        for (int j = 0; j < n; j++)
                            for (int s = 0; s < k; s++)
                                c.Add((((item * m) + i) * n) + j,
                                    x[0][firstA + (transposeA ? (s * m) + i : (i * k) + s)]
                                        * x[1][firstB + (transposeB ? (j * k) + s : (s * n) + j)]);
                }

                return c;
            },
            Terms(k));
    }

    private static IEnumerable<OperationCase> Linear()
    {
        foreach ((Shape x, int outputs) in (
            (Shape, int)[])[([1], 1), ([7], 3), ([3, 5], 2), ([2, 16], 17), ([9, 3], 48), ([2, 3, 5], 4), ([2, 1, 2, 1, 1, 3], 5),
            ([130, 67], 131)])
        {
            foreach (bool bias in (bool[])[false, true])
            {
                yield return Layer(x, outputs, bias, Activation.None, s => s);
                yield return Layer(x, outputs, bias, Activation.Relu, s => Math.Max(s, 0), "x W + b = 0");
                yield return Layer(x, outputs, bias, Activation.LeakyRelu(0.25f), s => s < 0 ? 0.25 * s : s, "x W + b = 0");
                yield return Layer(x, outputs, bias, Activation.Tanh, Math.Tanh);
                yield return Layer(x, outputs, bias, Activation.Sigmoid, References.Sigmoid);
            }
        }
    }

    private static OperationCase Layer(
        Shape x, int outputs, bool bias, Activation activation, Func<double, double> function, string kinks = "")
    {
        int inputs = x[-1];
        Input[] arguments = [new(x, Any), new([inputs, outputs], Between(-1, 1)), .. (Input[])(bias ? [new([outputs], Any)] : [])];
        return new OperationCase(
            "Tensor.Linear",
            $"{x} [{inputs}, {outputs}]{(bias ? " bias" : "")} {activation.Kind}",
            arguments,
            t => t[0].Linear(t[1], bias ? t[2] : null, activation),
            v =>
            {
                int rows = x.Count / inputs;
                Expected y = new(rows * outputs);
                for (int i = 0; i < rows; i++)
                {
                    for (int j = 0; j < outputs; j++)
                    {
                        int place = (i * outputs) + j;
                        for (int k = 0; k < inputs; k++) y.Add(place, v[0][(i * inputs) + k] * v[1][(k * outputs) + j]);
                        if (bias) y.Add(place, v[2][j]);

                        // Differences must not step over the kink.
                        if (kinks.Length > 0 && x.Count < 100 && Math.Abs(y.Values[place]) < 2e-4)
                            throw new InvalidOperationException(
                                $"Element {place} of {x} W + b is {y.Values[place]}, too near the kink: draw others.");

                        // No activation is steeper than 1: the terms of the sum, and the rounding of the value.
                        y.Values[place] = function(y.Values[place]);
                        y.Terms[place] += activation == Activation.None ? 0 : Math.Abs(y.Values[place]);
                    }
                }

                return y;
            },
            Terms(inputs + (bias ? 1 : 0))) { Kinks = kinks };
    }
}
