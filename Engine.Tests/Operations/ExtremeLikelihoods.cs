using Engine.Autograd.Bijections;

namespace Engine.Tests.Operations;

/// <summary>Products of which a factor overflows or vanishes although the result does not.</summary>
internal static class ExtremeLikelihoods
{
    private static readonly double[] s_logVariances =
        [-1000, -340, -200, -178, -120, -100, -90, -60, -20, 0, 20, 60, 90, 100, 120, 178, 200, 340, 1000];

    private static readonly double[] s_distances =
        Rounded([0, 1e-40, 1e-30, -1e-20, 1e-10, 1e-3, -1.5, 1e3, 1e10, -1e19, 1e25, 1e30, 3e38]);

    internal static IEnumerable<ExtremeCase> All() =>
    [
        .. s_logVariances.SelectMany(v => (ExtremeCase[])[Gaussian(v), Reparameterize(v)]),

        // Between 88 and 92 the value is infinite, but its derivative times a weight need not be.
        .. s_logVariances.Where(v => v != 90).Select(ToStandard),
        .. s_logVariances.SelectMany(t => ((double[])[-50, -1, 0, 2, 80]).Select(apart => Gaussians(t + apart, t))),
        .. ((double[])[-175, -120, -90, -40, 0, 40, 90, 120, 175]).SelectMany(s => (ExtremeCase[])[Affine(s, false), Affine(s, true)]),
        .. ((double[])[-500, -300, -180, -100, -60, 30, 60, 100, 180, 400]).SelectMany(v => (ExtremeCase[])[
            DiscretizedGaussian(v, 0), DiscretizedGaussian(v, 1.5), DiscretizedLogistic(v / 2, 0), DiscretizedLogistic(v / 2, 1.5)]),
    ];

    private static double[] Rounded(double[] values) => Array.ConvertAll(values, x => (double)(float)x);

    private static double[] Filled(int count, double value)
    {
        double[] values = new double[count];
        Array.Fill(values, value);
        return values;
    }

    /// <summary>An operation without reduction on arguments of one shape, with the derivatives of an element.</summary>
    private static ExtremeCase Elements(
        string operation, string variant, double[][] inputs, Func<Tensor[], Tensor> function, Func<double[], double> value,
        params Func<double[], double>[] derivatives)
    {
        int count = inputs[0].Length;
        double[] At(int i) => Array.ConvertAll(inputs, input => input[i]);
        return new ExtremeCase(
            operation,
            variant,
            [.. inputs.Select((input, i) => new ExtremeInput([count], input, i < derivatives.Length))],
            function,
            [.. Enumerable.Range(0, count).Select(i => value(At(i)))],
            weights => Array.ConvertAll(
                derivatives, derivative => Enumerable.Range(0, count).Select(i => weights[i] * derivative(At(i))).ToArray()))
            { Error = 1e-5 };
    }

    // d e^(-v / 2), and once more
    private static double Deviations(double d, double v) => d == 0 ? 0 : d * Math.Exp(-v / 2);

    private static double Precise(double d, double v) => d == 0 ? 0 : d * Math.Exp(-v / 2) * Math.Exp(-v / 2);

    private static ExtremeCase Gaussian(double v) => Elements(
        "LogLikelihood.Gaussian",
        $"log-variance {v}",
        [s_distances, Filled(s_distances.Length, 0), Filled(s_distances.Length, v)],
        t => LogLikelihood.Gaussian(t[0], t[1], t[2], Reduction.None),
        x => -0.5 * (Math.Log(2 * Math.PI) + x[2] + Math.Pow(Deviations(x[0] - x[1], x[2]), 2)),
        x => -Precise(x[0] - x[1], x[2]),
        x => Precise(x[0] - x[1], x[2]),
        x => 0.5 * (Math.Pow(Deviations(x[0] - x[1], x[2]), 2) - 1));

    private static ExtremeCase ToStandard(double v) => Elements(
        "KullbackLeibler.ToStandardGaussian",
        $"log-variance {v}",
        [Rounded([0, 1e-30, -1e10, 1e19, 2.5e19, -2.6e19]), Filled(6, v)],
        t => KullbackLeibler.ToStandardGaussian(t[0], t[1], Reduction.None),
        x => (0.5 * x[0] * x[0]) + (0.5 * (References.Expm1(x[1]) - x[1])),
        x => x[0],
        x => 0.5 * References.Expm1(x[1]));

    private static ExtremeCase Gaussians(double s, double t) => Elements(
        "KullbackLeibler.Gaussians",
        $"log-variances {s} and {t}",
        [s_distances, Filled(s_distances.Length, s), Filled(s_distances.Length, 0), Filled(s_distances.Length, t)],
        x => KullbackLeibler.Gaussians(x[0], x[1], x[2], x[3], Reduction.None),
        x => (0.5 * Math.Pow(Deviations(x[0] - x[2], x[3]), 2)) + (0.5 * (References.Expm1(x[1] - x[3]) - (x[1] - x[3]))),
        x => Precise(x[0] - x[2], x[3]),
        x => 0.5 * References.Expm1(x[1] - x[3]),
        x => -Precise(x[0] - x[2], x[3]),
        x => -0.5 * (References.Expm1(x[1] - x[3]) + Math.Pow(Deviations(x[0] - x[2], x[3]), 2)));

    private static ExtremeCase Reparameterize(double v)
    {
        double[] noise = Rounded([0, 1e-30, -1e-20, 1e-3, 1, -2.5, 30]);
        return Elements(
            "Sampling.Reparameterize",
            $"log-variance {v}",
            [Filled(noise.Length, 0), Filled(noise.Length, v), noise],
            t => Sampling.Reparameterize(t[0], t[1], t[2]),
            x => x[0] + Deviations(x[2], -x[1]),
            _ => 1,
            x => 0.5 * Deviations(x[2], -x[1]),
            x => Math.Exp(x[1] / 2)) with { ChecksComposed = v < 340 };
    }

    private static ExtremeCase Affine(double s, bool inverse)
    {
        double[] x = Rounded([0, 1e-30, -1e-20, 1e-3, 1, -1e10, 1e30, 1e35]);
        int count = x.Length;
        double e = Math.Exp(inverse ? -s : s), sign = inverse ? -1 : 1;

        // One channel at eight places: the raw log-scale and the shift of each alternate.
        double[] parameters = [.. Enumerable.Range(0, 2 * count).Select(i => i % 2 == 0 ? s : 0)];
        return new ExtremeCase(
            "Bijection.Affine",
            $"log-scale {s}{(inverse ? ", inverse" : "")}",
            [new([1, count, 1], x), new([1, count, 2], parameters)],
            t =>
            {
                Transformed made = Bijection.Affine(t[0], t[1], null, null, inverse);
                return Tensor.Concat(1, made.Value.Reshape(1, count), made.LogDeterminant.Reshape(1, 1));
            },
            [.. x.Select(value => value * e), sign * s * count],
            weights =>
            [
                [.. x.Select((_, i) => weights[i] * e)],
                [.. Enumerable.Range(0, 2 * count).Select(i => i % 2 == 0 ? sign * ((weights[i / 2] * x[i / 2] * e) + weights[count])
                    : inverse ? -weights[i / 2] * e : weights[i / 2])],
            ]) { Error = 1e-5 };
    }

    // Three levels, -1, 0 and 1, of which the middle one is looked at: a bin so thin in deviations that its density is one number, or so
    // wide that it holds everything.
    private static ExtremeCase DiscretizedGaussian(double v, double mean)
    {
        bool isThin = v > 0;
        mean = Mean(mean, v / 2);
        double constant = 0.5 * Math.Log(2 * Math.PI);
        return Elements(
            "LogLikelihood.DiscretizedGaussian",
            $"log-variance {v}, mean {mean}",
            [[0, 0], [mean, -mean], [v, v]],
            t => LogLikelihood.DiscretizedGaussian(t[0], t[1], t[2], Reduction.None, levels: 3),
            x => isThin ? (-0.5 * (Math.Pow(Deviations(x[1], v), 2) + v)) - constant + Curvature(v) : 0,
            x => isThin ? x[1] * Math.Exp(-v) : 0,
            x => isThin ? -x[1] * Math.Exp(-v) : 0,
            x => isThin ? 0.5 * (Math.Pow(Deviations(x[1], v), 2) - 1) : 0)
            with { Error = 1e-4, ChecksComposed = !isThin };

        // log of what the density's curvature changes, to the second order in the width 1: nothing that counts.
        static double Curvature(double v) => -Math.Exp(-v) / 24;
    }

    private static ExtremeCase DiscretizedLogistic(double s, double mean)
    {
        bool isThin = s > 0;
        mean = Mean(mean, s);

        // The density at u is sigmoid(u) sigmoid(-u) / scale.
        return Elements(
            "LogLikelihood.DiscretizedLogistic",
            $"log-scale {s}, mean {mean}",
            [[0, 0], [mean, -mean], [s, s]],
            t => LogLikelihood.DiscretizedLogistic(t[0], t[1], t[2], Reduction.None, levels: 3),
            x => isThin ? -s - References.Softplus(U(x)) - References.Softplus(-U(x)) : 0,
            x => isThin ? Math.Exp(-s) * Math.Tanh(U(x) / 2) : 0,
            x => isThin ? -Math.Exp(-s) * Math.Tanh(U(x) / 2) : 0,
            x => isThin ? (U(x) * Math.Tanh(U(x) / 2)) - 1 : 0)
            with { Error = 1e-4, ChecksComposed = !isThin };

        double U(double[] x) => x[1] * Math.Exp(-s);
    }

    // Some deviations from 0 where these are large, and inside of the middle bin where they are small.
    private static double Mean(double deviations, double logDeviation) =>
        (float)(deviations * (logDeviation < 0 ? 0.1 : logDeviation < 80 ? Math.Exp(logDeviation) : 0));
}
