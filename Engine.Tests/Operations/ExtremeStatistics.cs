namespace Engine.Tests.Operations;

/// <summary>
/// Means, variances and normalisations of values whose sums or squares overflow, and of values that are far from 0 beside what they differ
/// by.
/// </summary>
internal static class ExtremeStatistics
{
    private const double Epsilon = 1e-5;

    /// <summary>Values in units of a power of two, with how far they may be from 0.</summary>
    private static readonly (string Name, Func<Random, int, double> Draw, double[] Scales)[] s_kinds =
    [
        ("of both signs", (random, _) => (4 * random.NextDouble()) - 2, [1, 1e19, 1e20, 1e25, 1e30, 1e37, 1e150, 1e160, 1e250, 1e306]),
        ("next to the largest", (random, i) => i % 7 == 0 ? -3.2 : 3 + (0.2 * random.NextDouble()), [1e38]),
        ("of one sign", (random, _) => 3 + (0.25 * random.NextDouble()), [1e15, 1e30, 1e38, 1e300]),
        ("one of them large", (random, i) => i == 2 ? 3 : random.NextDouble() * 1e-30, [1e20, 1e30, 1e38]),
        ("around 10,000 in steps of 0.001", (random, i) => 10000 + (1e-3 * random.Next(20)), [1]),
        ("around -1e6", (random, i) => -1e6 + (0.25 * random.Next(20)), [1]),
        ("around 2^24", (random, i) => 16777216 + (2 * random.Next(6)), [1]),
        ("around 1e30, in the last bits", (random, i) => 1e30 * (1 + (1e-6 * random.NextDouble())), [1]),
    ];

    internal static IEnumerable<ExtremeCase> All()
    {
        foreach ((string name, Func<Random, int, double> draw, double[] scales) in s_kinds)
        {
            foreach (double wanted in scales)
            {
                // A power of two, so that the reference computes with the very same values.
                double scale = Math.ScaleB(1, (int)Math.Floor(Math.Log2(wanted)));
                string kind = $"{name} times 2^{Math.Log2(scale)}";
                DType[] types = wanted > 1e38 ? [DType.Float64] : [DType.Float32, DType.Float64];
                foreach (Shape shape in (Shape[])[[1, 4], [3, 17], [2, 64], [3, 300]])
                    yield return Norm("Tensor.LayerNorm", kind, shape, shape[-1], 1, draw, scale, types, t => t[0].LayerNorm(t[1], t[2]));
                foreach ((Shape shape, int groups) in ((Shape, int)[])[([2, 5, 6], 2), ([1, 6, 4, 8], 1), ([2, 20, 12], 3)])
                {
                    yield return Norm("Tensor.GroupNorm", kind, shape, shape[-1] / groups, shape.Count / shape[0] / shape[-1], draw, scale,
                        types, t => t[0].GroupNorm(groups, t[1], t[2]));
                    yield return Norm("Tensor.GroupNormSilu", kind, shape, shape[-1] / groups, shape.Count / shape[0] / shape[-1], draw,
                        scale, types, t => t[0].GroupNormSilu(groups, t[1], t[2]), isSilu: true);
                }

                foreach (Shape shape in (Shape[])[[4, 3], [5, 17], [40, 4], [300, 3]])
                    yield return Norm("Tensor.BatchNorm", kind, shape, 1, shape[0], draw, scale, types,
                        t => t[0].BatchNorm(t[1], t[2], null, null, training: true), isBatch: true);
                foreach ((Shape shape, int[] axes) in ((Shape, int[])[])[([4], []), ([3, 60], [1]), ([40, 5], [0]), ([300, 20], [0]),
                    ([2, 3, 5], [1]), ([2, 5000], [1])])
                {
                    yield return Mean(kind, shape, axes, draw, scale, types);

                    // Of such values the difference overflows like the square.
                    if (wanted != 1e38 || name != "next to the largest") yield return Variance(kind, shape, axes, draw, scale, types);
                }
            }
        }
    }

    /// <summary>Float32 numbers after the multiplication; in units of the scale.</summary>
    private static double[] Draw(Shape shape, Func<Random, int, double> draw, double scale)
    {
        Random random = new(shape.Count);
        return [.. Enumerable.Range(0, shape.Count).Select(i => scale > 1e38 ? draw(random, i) : (float)(draw(random, i) * scale) / scale)];
    }

    private static ExtremeCase Mean(
        string kind, Shape shape, int[] axes, Func<Random, int, double> draw, double scale, DType[] types)
    {
        double[] x = Draw(shape, draw, scale);
        int[][] groups = Places.Groups(shape, axes);
        return new ExtremeCase(
            "Tensor.Mean", $"{shape} axes {string.Join(", ", axes)}, {kind}", [new(shape, Array.ConvertAll(x, value => value * scale))],
            t => t[0].Mean(axes), [.. groups.Select(group => Average(group, i => x[i]) * scale)],
            weights => [Spread(shape, groups, (g, i) => weights[g] / groups[g].Length)])
        {
            Types = types, IsRelativeToLargest = true, Error = 1e-5,
        };
    }

    private static ExtremeCase Variance(
        string kind, Shape shape, int[] axes, Func<Random, int, double> draw, double scale, DType[] types)
    {
        double[] x = Draw(shape, draw, scale);
        int[][] groups = Places.Groups(shape, axes);
        double[] d = Centered(x, groups);
        return new ExtremeCase(
            "Tensor.Variance", $"{shape} axes {string.Join(", ", axes)}, {kind}", [new(shape, Array.ConvertAll(x, value => value * scale))],
            t => t[0].Variance(axes),
            [.. groups.Select(group => Average(group, i => d[i] * d[i]) * scale * scale)],
            weights => [Spread(shape, groups, (g, i) => 2 * weights[g] * d[i] * scale / groups[g].Length)])
        {
            Types = types, IsRelativeToLargest = true, Error = 1e-5,
        };
    }

    // What two sums of doubles are rounded by would show beside the float64 results: the low parts are added up by themselves (Neumaier).
    private static double Average(int[] places, Func<int, double> value)
    {
        double sum = 0, low = 0;
        foreach (int i in places)
        {
            double term = value(i), next = sum + term;
            low += Math.Abs(sum) > Math.Abs(term) ? sum - next + term : term - next + sum;
            sum = next;
        }

        return (sum + low) / places.Length;
    }

    private static double[] Centered(double[] x, int[][] groups)
    {
        double[] d = new double[x.Length];
        foreach (int[] group in groups)
        {
            double mean = Average(group, i => x[i]), rest = Average(group, i => x[i] - mean);
            foreach (int i in group) d[i] = x[i] - mean - rest;
        }

        return d;
    }

    private static double[] Spread(Shape shape, int[][] groups, Func<int, int, double> value)
    {
        double[] result = new double[shape.Count];
        for (int g = 0; g < groups.Length; g++)
            foreach (int i in groups[g]) result[i] = value(g, i);
        return result;
    }

    /// <summary>A normalisation of [images, positions, channels], or of [rows, channels] over the rows, with factors and terms.</summary>
    private static ExtremeCase Norm(
        string operation, string kind, Shape shape, int width, int positions, Func<Random, int, double> draw, double scale, DType[] types,
        Func<Tensor[], Tensor> function, bool isSilu = false, bool isBatch = false)
    {
        double[] x = Draw(shape, draw, scale);
        int channels = shape[-1], perImage = positions * channels;
        double[] gamma = [.. Enumerable.Range(0, channels).Select(c => 0.5 + (c % 3 * 0.25))], beta =
            [.. Enumerable.Range(0, channels).Select(c => (c % 4 * 0.25) - 0.25)];
        int[][] groups = [.. Enumerable.Range(0, shape.Count).GroupBy(i => (i / perImage, i % channels / width)).Select(g => g.ToArray())];
        double[] d = Centered(x, groups), z = new double[shape.Count], reciprocals = new double[shape.Count], n = new double[shape.Count];
        foreach (int[] group in groups)
        {
            double variance = Average(group, i => d[i] * d[i]);
            foreach (int i in group)
            {
                reciprocals[i] = 1 / Math.Sqrt(variance + (Epsilon / scale / scale));
                z[i] = d[i] * reciprocals[i];
                n[i] = (z[i] * gamma[i % channels]) + beta[i % channels];
            }
        }

        return new ExtremeCase(
            operation,
            $"{shape}{(isBatch ? "" : $" groups of {width}")}, {kind}",
            [new(shape, Array.ConvertAll(x, value => value * scale)), new([channels], gamma), new([channels], beta)],
            function,
            Array.ConvertAll(n, value => isSilu ? value * References.Sigmoid(value) : value),
            weights =>
            {
                double[] dx = new double[shape.Count], dGamma = new double[channels], dBeta = new double[channels],
                    h = new double[shape.Count];
                for (int i = 0; i < h.Length; i++)
                {
                    double s = References.Sigmoid(n[i]), dn = weights[i] * (isSilu ? s * (1 + (n[i] * (1 - s))) : 1);
                    dGamma[i % channels] += dn * z[i];
                    dBeta[i % channels] += dn;
                    h[i] = dn * gamma[i % channels];
                }

                foreach (int[] group in groups)
                {
                    double mean = Average(group, i => h[i]), product = Average(group, i => h[i] * z[i]);
                    foreach (int i in group) dx[i] = reciprocals[i] / scale * (h[i] - mean - (z[i] * product));
                }

                return [dx, dGamma, dBeta];
            })
        {
            Types = types, IsRelativeToLargest = true, Error = 4e-5,
        };
    }
}
