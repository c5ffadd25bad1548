using Engine.Autograd.Bijections;
using Engine.Kernels.Flows;
using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>Bijections with their log-determinants, both in one result, and triangular systems.</summary>
internal static class BijectionCases
{
    internal static IEnumerable<OperationCase> All() => [.. Affine(), .. Spline(), .. Triangular()];

    private static IEnumerable<OperationCase> Affine()
    {
        // Vectors beside the widths of host vectors, short rows that share a block, images with few channels, rows longer than a block,
        // what threads share.
        Shape[] shapes =
        [
            [3, 1], [40, 1], [5, 7], [4, 16], [2, 17], [3, 63], [3, 64], [2, 300], [2, 3, 2], [2, 4, 4, 1], [2, 3, 3, 2], [3, 5, 5, 9],
            [2, 16, 16, 2], [0, 3], [64, 391],
        ];
        foreach (Shape shape in shapes)
        {
            yield return Affine(shape, "free", 0, false, false);
            yield return Affine(shape, "one bound, inverse", 1, false, true);
            yield return Affine(shape, "bounds, masked", shape[-1], true, false);
            yield return Affine(shape, "bounds, masked, inverse", shape[-1], true, true);
        }
    }

    private static OperationCase Affine(Shape shape, string variant, int bounds, bool masked, bool inverse)
    {
        int channels = shape[-1], rows = shape[0];
        Shape example = new(shape.ToArray()[1..]);
        int columns = example.Count;
        List<Input> inputs = [new(shape, Any), new(shape.With(-1, 2 * channels), Any)];
        if (bounds > 0) inputs.Add(new([bounds], Between(0.5, 2)));
        if (masked) inputs.Add(new(example, OneOf(0, 1), IsDifferentiable: false));
        return new OperationCase(
            "Bijection.Affine",
            $"{shape} {variant}",
            [.. inputs],
            t => Packed(Bijection.Affine(t[0], t[1], bounds > 0 ? t[2] : null, masked ? t[^1] : null, inverse)),
            v =>
            {
                Expected expected = new(rows * (columns + 1));
                for (int row = 0; row < rows; row++)
                {
                    for (int i = 0; i < columns; i++)
                    {
                        int element = (row * columns) + i, place = element / channels, channel = element % channels;
                        double raw = v[1][(2 * place * channels) + channel], t = v[1][(2 * place * channels) + channels + channel];
                        double bound = bounds == 0 ? 0 : v[2][bounds == 1 ? 0 : channel], active = masked ? v[^1][i] : 1;
                        double s = active * (bounds == 0 ? raw : bound * Math.Tanh(raw / bound));
                        t *= active;
                        int at = (row * (columns + 1)) + i;
                        double x = v[0][element], e = Math.Exp(inverse ? -s : s);
                        expected.Values[at] = inverse ? (x - t) * e : (x * e) + t;
                        expected.Terms[at] = inverse ? (Math.Abs(x) + Math.Abs(t)) * e : (Math.Abs(x) * e) + Math.Abs(t);
                        expected.Add((row * (columns + 1)) + columns, inverse ? -s : s);
                    }
                }

                return expected;
            },
            Terms(8 * Math.Max(1, columns)));
    }

    private static IEnumerable<OperationCase> Spline()
    {
        foreach ((Shape shape, int bins) in (
            (Shape, int)[])[([1], 1), ([5, 1], 2), ([3, 5], 3), ([17], 8), ([33, 1], 5), ([2, 2, 3], 4), ([0, 2], 3), ([300, 2], 8)])
        {
            yield return Spline(shape, bins, inverse: false);
            yield return Spline(shape, bins, inverse: true) with { Orders = 0 };
        }
    }

    private static OperationCase Spline(Shape shape, int bins, bool inverse)
    {
        SplineShape spline = new(bins, 1.5) { MinimumWidth = 0.02, MinimumHeight = 0.01, MinimumDerivative = 0.05 };
        int rows = shape[0], columns = rows == 0 ? 0 : shape.Count / rows;
        return new OperationCase(
            "Bijection.RationalQuadratic",
            $"{shape} {bins} bins{(inverse ? ", inverse" : "")}",
            [new(shape, AwayFrom(-1.5, 1.5), IsDifferentiable: !inverse),
                new(new Shape(rows, columns * spline.Parameters), Any, IsDifferentiable: !inverse)],
            t => Packed(Bijection.RationalQuadratic(t[0], t[1], spline, inverse)),
            v =>
            {
                Expected expected = new(rows * (columns + 1));
                for (int i = 0; i < rows * columns; i++)
                {
                    double[] parameters = v[1][(i * spline.Parameters)..((i + 1) * spline.Parameters)];
                    (double y, double log) = PlainSpline.Value(spline, parameters, v[0][i], inverse);
                    int row = i / columns;
                    expected.Values[(row * (columns + 1)) + (i % columns)] = y;

                    // A rounding error of the place in a bin moves the value by the slope times as much.
                    expected.Terms[(row * (columns + 1)) + (i % columns)] = Math.Abs(y) + (spline.Bound * Math.Exp(Math.Max(0, log)));
                    expected.Values[(row * (columns + 1)) + columns] += log;
                    expected.Terms[(row * (columns + 1)) + columns] += 8 + Math.Abs(log);
                }

                return expected;
            },
            Terms(400 * bins)) { Kinks = "where the interval ends" };
    }

    private static IEnumerable<OperationCase> Triangular()
    {
        foreach ((int n, int m) in ((int, int)[])[(1, 1), (3, 5), (7, 2), (12, 17), (4, 0)])
            foreach (bool lower in (bool[])[true, false])
                foreach (bool unit in (bool[])[true, false])
                    foreach (bool transpose in (bool[])[true, false])
                        yield return Triangular(n, m, lower, unit, transpose);
    }

    private static OperationCase Triangular(int n, int m, bool lower, bool unit, bool transpose) => new(
        "Tensor.TriangularSolve",
        $"[{n}, {n}] [{n}, {m}]{(lower ? " lower" : " upper")}{(unit ? ", unit diagonal" : "")}{(transpose ? ", transposed" : "")}",
        [new([n, n], Dominant(n)), new([n, m], Any)],
        t => t[0].TriangularSolve(t[1], lower, unit, transpose),
        v =>
        {
            Expected expected = new(n * m);
            double[] x = expected.Values;
            bool forward = lower != transpose;
            for (int step = 0; step < n; step++)
            {
                int i = forward ? step : n - 1 - step;
                for (int k = 0; k < m; k++)
                {
                    double value = v[1][(i * m) + k], terms = Math.Abs(value);
                    for (int j = 0; j < n; j++)
                    {
                        if (forward ? j >= i : j <= i) continue;
                        double a = transpose ? v[0][(j * n) + i] : v[0][(i * n) + j];
                        value -= a * x[(j * m) + k];

                        // What was rounded before comes in again.
                        terms += Math.Abs(a) * expected.Terms[(j * m) + k];
                    }

                    double diagonal = unit ? 1 : v[0][(i * n) + i];
                    x[(i * m) + k] = value / diagonal;
                    expected.Terms[(i * m) + k] = Math.Abs(terms / diagonal);
                }
            }

            return expected;
        },
        Terms(n));

    /// <summary>Square matrices with a large diagonal and small numbers beside it, so that solutions do not grow.</summary>
    private static Draw Dominant(int n) => (random, count) =>
    {
        double[] a = new double[count];
        for (int i = 0; i < count; i++) a[i] = i / n == i % n ? 1 + random.NextDouble() : ((2 * random.NextDouble()) - 1) / n;
        return a;
    };

    private static Tensor Packed(Transformed made)
    {
        int rows = made.LogDeterminant.Shape[0];
        return Tensor.Concat(1, made.Value.Reshape(rows, rows == 0 ? 0 : made.Value.Count / rows), made.LogDeterminant.Reshape(rows, 1));
    }
}
