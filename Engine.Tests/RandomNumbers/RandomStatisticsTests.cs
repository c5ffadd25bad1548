using Engine.Tests.Lanes;

namespace Engine.Tests.RandomNumbers;

/// <summary>Distributions, from fixed seeds; the bounds are those that fair numbers miss less than once in some 10,000 seeds.</summary>
public sealed class RandomStatisticsTests() : IsolatedTests(threads: 2)
{
    private const int Count = 1 << 20;

    private readonly RandomStream _stream = new(20240607);

    [Theory, Values(DType.Float32, DType.Float64)]
    public void Uniform_numbers_fill_their_bins_evenly(DType dtype)
    {
        double[] u = Draw(dtype, s => RandomUniform.Run(s, 0, 1, _stream.Key, _stream.Reserve(Count)));
        Assert.All(u, v => Assert.InRange(v, 0, 1 - 1e-16));
        Assert.InRange(ChiSquare(u, 1024, v => (int)(v * 1024)), 1023 - 4 * Math.Sqrt(2 * 1023), 1023 + 4 * Math.Sqrt(2 * 1023));
        Assert.InRange(KolmogorovSmirnov(u, v => v), 0, 2.3 / Math.Sqrt(Count));
        (double mean, double variance, double skewness, double kurtosis) = Moments(u);
        Assert.Equal(0.5, mean, 4 * Math.Sqrt(1.0 / 12 / Count));
        Assert.Equal(1.0 / 12, variance, 4 * Math.Sqrt(1.0 / 180 / Count));
        Assert.Equal(0, skewness, 0.01);
        Assert.Equal(1.8, kurtosis, 0.01);
    }

    [Fact]
    public void Neighbours_and_words_of_one_block_are_not_correlated()
    {
        double[] u = Draw(DType.Float32, s => RandomUniform.Run(s, 0, 1, _stream.Key, _stream.Reserve(Count)));
        foreach (int lag in (int[])[1, 2, 15, 16, 17, 32, 48, 64, 1024])
            Assert.InRange(Correlation(u, lag), -4 / Math.Sqrt(Count), 4 / Math.Sqrt(Count));
    }

    [Fact]
    public void Streams_that_were_split_off_are_not_correlated()
    {
        double[] Of(RandomStream stream) => Draw(DType.Float32, s => RandomNormal.Run(s, 0, 1, stream.Key, stream.Reserve(Count)));
        double[] a = Of(_stream.Split(0)), b = Of(_stream.Split(1)), c = Of(_stream.Split("noise"));
        Assert.InRange(a.Zip(b, (x, y) => x * y).Average(), -4 / Math.Sqrt(Count), 4 / Math.Sqrt(Count));
        Assert.InRange(a.Zip(c, (x, y) => x * y).Average(), -4 / Math.Sqrt(Count), 4 / Math.Sqrt(Count));
    }

    [Theory, Values(DType.Float32, DType.Float64)]
    public void Normal_numbers_are_normal(DType dtype)
    {
        double[] z = Draw(dtype, s => RandomNormal.Run(s, 3, 0.5, _stream.Key, _stream.Reserve(Count)));
        (double mean, double variance, double skewness, double kurtosis) = Moments(z);
        Assert.Equal(3, mean, 4 * 0.5 / Math.Sqrt(Count));
        Assert.Equal(0.25, variance, 4 * 0.25 * Math.Sqrt(2.0 / Count));
        Assert.Equal(0, skewness, 4 * Math.Sqrt(6.0 / Count));
        Assert.Equal(3, kurtosis, 4 * Math.Sqrt(24.0 / Count));
        Assert.InRange(KolmogorovSmirnov(z, v => NormalCdf((v - 3) / 0.5)), 0, 2.3 / Math.Sqrt(Count));
        foreach (int lag in (int[])[1, 16, 32, 64])
            Assert.InRange(Correlation([.. z.Select(v => (v - 3) / 0.5)], lag), -4 / Math.Sqrt(Count), 4 / Math.Sqrt(Count));

        // Squares too: the two of a pair share their radius and are independent all the same.
        double[] squares = [.. z.Select(v => Math.Pow((v - 3) / 0.5, 2))];
        Assert.InRange(Correlation(squares, 16), -5 / Math.Sqrt(Count), 5 / Math.Sqrt(Count));
    }

    [Fact]
    public void The_tails_of_normal_numbers_have_their_share()
    {
        const int draws = 64;
        Storage y = Cpu.Allocate(DType.Float32, Count);
        double[] found = new double[3];
        for (int i = 0; i < draws; i++)
        {
            RandomNormal.Run(y, 0, 1, _stream.Key, _stream.Reserve(Count));
            foreach (float v in y.AsSpan<float>())
            {
                for (int k = 0; k < 3; k++) found[k] += Math.Abs(v) > 3 + k ? 1 : 0;
            }
        }

        for (int k = 0; k < 3; k++)
        {
            double expected = 2 * NormalCdf(-3 - k) * draws * Count;
            Assert.InRange(found[k], expected - 4 * Math.Sqrt(expected), expected + 4 * Math.Sqrt(expected));
        }
    }

    [Theory, Values(0.001f, 0.3f, 0.5f)]
    public void Bernoulli_has_its_probability(float p)
    {
        double[] y = Draw(DType.Float32, s => RandomBernoulli.Run(s, p, _stream.Key, _stream.Reserve(Count)));
        Assert.Equal(p, y.Average(), 4 * Math.Sqrt(p * (1 - p) / Count));
    }

    private double[] Draw(DType dtype, Action<Storage> kernel)
    {
        Storage y = Cpu.Allocate(dtype, Count);
        kernel(y);
        return dtype == DType.Float64 ? y.AsSpan<double>().ToArray() : Array.ConvertAll(y.AsSpan<float>().ToArray(), v => (double)v);
    }

    private static double ChiSquare(double[] x, int bins, Func<double, int> bin)
    {
        int[] counts = new int[bins];
        foreach (double v in x) counts[bin(v)]++;
        double expected = (double)x.Length / bins;
        return counts.Sum(c => (c - expected) * (c - expected) / expected);
    }

    /// <summary>The largest distance between the empirical distribution and the true one.</summary>
    private static double KolmogorovSmirnov(double[] x, Func<double, double> cdf)
    {
        double[] sorted = (double[])x.Clone();
        Array.Sort(sorted);
        double worst = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            double f = cdf(sorted[i]);
            worst = Math.Max(worst, Math.Max(f - (double)i / x.Length, (i + 1.0) / x.Length - f));
        }

        return worst;
    }

    private static (double Mean, double Variance, double Skewness, double Kurtosis) Moments(double[] x)
    {
        double mean = x.Average();
        double variance = x.Average(v => (v - mean) * (v - mean));
        double skewness = x.Average(v => Math.Pow(v - mean, 3)) / Math.Pow(variance, 1.5);
        double kurtosis = x.Average(v => Math.Pow(v - mean, 4)) / (variance * variance);
        return (mean, variance, skewness, kurtosis);
    }

    private static double Correlation(double[] x, int lag)
    {
        double mean = x.Average(), sum = 0, squares = 0;
        for (int i = 0; i < x.Length; i++)
        {
            squares += (x[i] - mean) * (x[i] - mean);
            if (i >= lag) sum += (x[i] - mean) * (x[i - lag] - mean);
        }

        return sum / squares;
    }

    private static double NormalCdf(double z)
    {
        // Where 1 + erf would cancel: the continued fraction of Laplace for the upper tail.
        if (Math.Abs(z) < 2) return 0.5 * (1 + ErfFunction.Apply(new Kernels.Lanes.DoubleScalar(z / Math.Sqrt(2))).Value);
        double t = Math.Abs(z), fraction = t;
        for (int k = 100; k >= 1; k--) fraction = t + k / fraction;
        double tail = Math.Exp(-t * t / 2) / Math.Sqrt(2 * Math.PI) / fraction;
        return z < 0 ? tail : 1 - tail;
    }
}
