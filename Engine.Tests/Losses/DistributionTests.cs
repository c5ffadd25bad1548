namespace Engine.Tests.Losses;

/// <summary>Densities and divergences against what defines them: sums to one, integrals, differences of distribution functions.</summary>
public sealed class DistributionTests : IsolatedTests
{
    [Theory, Rows("0.1 -2.5, -0.98 -6, 5 1, 0 3, 0.5 -9")]
    public void The_256_levels_of_a_discretised_logistic_have_probabilities_that_add_up_to_one(double mean, double logScale)
    {
        using Tape tape = new(Cpu);
        double[] levels = [.. Enumerable.Range(0, 256).Select(i => -1 + (2.0 * i / 255))];
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            Tensor log = LogLikelihood.DiscretizedLogistic(
                Tensor.From(levels, [256]).Cast(type), Tensor.Full([], mean, type), Tensor.Full([], logScale, type), Reduction.None);
            Assert.Equal(1, log.ToDoubles().Sum(Math.Exp), type == DType.Float64 ? 1e-12 : 1e-5);
        }
    }

    [Fact]
    public void A_discretised_logistic_is_a_difference_of_its_distribution_function()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([0.2, 0, 0.6, 1, 0.4], [5]);
        double[] log = LogLikelihood.DiscretizedLogistic(
            x, Tensor.Full([], 0.45, DType.Float64), Tensor.Full([], -1, DType.Float64), Reduction.None, 0, 1, 6).ToDoubles();
        double Below(double value) => 1 / (1 + Math.Exp(-(value - 0.45) * Math.E));
        double[] expected = [Below(0.3) - Below(0.1), Below(0.1), Below(0.7) - Below(0.5), 1 - Below(0.9), Below(0.5) - Below(0.3)];
        for (int i = 0; i < 5; i++) Assert.Equal(expected[i], Math.Exp(log[i]), 1e-14);
    }

    [Fact]
    public void A_discretised_logistic_stays_finite_where_its_probability_vanishes()
    {
        // The mean is 10,000 scales away: the logarithm is minus that distance, the derivative by the mean one over the scale.
        using Tape tape = new(Cpu);
        Tensor mean = tape.Watch(Tensor.Full([1], 1e4 * Math.Exp(-6)));
        Tensor log = LogLikelihood.DiscretizedLogistic(Tensor.From([1 / 255f], [1]), mean, Tensor.Full([1], -6));
        Assert.Equal(-1e4 + Math.Exp(6) / 255, log.Item() - Math.Log(1 - Math.Exp(-2 * Math.Exp(6) / 255)) - (Math.Exp(6) / 255), 1);
        Assert.Equal(-Math.Exp(6), tape.Gradient(log, mean).Item(), 1e-2);
    }

    [Theory]
    [InlineData(0.7, -1.2)]
    [InlineData(-2, 0.8)]
    public void The_divergence_of_a_gaussian_from_the_standard_one_is_its_integral(double mean, double logVariance)
    {
        using Tape tape = new(Cpu);
        double integral = Integrate(x => Density(x, mean, logVariance), x => Log(x, mean, logVariance) - Log(x, 0, 0), mean, logVariance);
        Assert.Equal(integral, KullbackLeibler.ToStandardGaussian(Tensor.From([mean], [1]), Tensor.From([logVariance], [1])).Item(), 1e-10);
    }

    [Theory]
    [InlineData(0.7, -1.2, -0.5, 0.4)]
    [InlineData(-2, 0.8, 1, -1)]
    public void The_divergence_of_two_gaussians_is_its_integral(double mean, double logVariance, double otherMean, double otherLogVariance)
    {
        using Tape tape = new(Cpu);
        double integral = Integrate(
            x => Density(x, mean, logVariance), x => Log(x, mean, logVariance) - Log(x, otherMean, otherLogVariance), mean, logVariance);
        Tensor[] t = Array.ConvertAll((double[])[mean, logVariance, otherMean, otherLogVariance], value => Tensor.From([value], [1]));
        Assert.Equal(integral, KullbackLeibler.Gaussians(t[0], t[1], t[2], t[3]).Item(), 1e-9);
    }

    [Fact]
    public void Divergences_of_equal_gaussians_are_zero_and_small_ones_keep_their_digits()
    {
        using Tape tape = new(Cpu);
        Tensor mean = Tensor.Full([3], 1.5f), logVariance = Tensor.Full([3], -0.7f);
        Assert.Equal(0, KullbackLeibler.Gaussians(mean, logVariance, mean, logVariance).Item());
        Assert.Equal(0, KullbackLeibler.ToStandardGaussian(Tensor.Zeros([3]), Tensor.Zeros([3])).Item());

        // (e^s - 1 - s) / 2 = s² / 4 for small s; from e^s in float32 it would be 0 or 6e-8.
        Assert.Equal(1, KullbackLeibler.ToStandardGaussian(Tensor.Zeros([1]), Tensor.Full([1], 1e-3)).Item() / 2.5004e-7, 1e-3);
    }

    [Fact]
    public void A_gaussian_density_integrates_to_one()
    {
        using Tape tape = new(Cpu);
        const int steps = 4001;
        double[] x = [.. Enumerable.Range(0, steps).Select(i => -20 + (40.0 * i / (steps - 1)))];
        double[] log = LogLikelihood.Gaussian(
            Tensor.From(x, [steps]), Tensor.Full([], 0.3, DType.Float64), Tensor.Full([], 0.9, DType.Float64), Reduction.None).ToDoubles();
        Assert.Equal(1, log.Sum(Math.Exp) * 40 / (steps - 1), 1e-12);
    }

    private static double Log(double x, double mean, double logVariance) =>
        -0.5 * (Math.Log(2 * Math.PI) + logVariance + (Math.Pow(x - mean, 2) / Math.Exp(logVariance)));

    private static double Density(double x, double mean, double logVariance) => Math.Exp(Log(x, mean, logVariance));

    /// <summary>
    /// The expectation by the trapezoidal rule, which converges faster than any power for a smooth integrand that vanishes at both ends.
    /// </summary>
    private static double Integrate(Func<double, double> density, Func<double, double> value, double mean, double logVariance)
    {
        double step = Math.Exp(logVariance / 2) / 50;
        double sum = 0;
        for (int i = -1000; i <= 1000; i++) sum += density(mean + (i * step)) * value(mean + (i * step)) * step;
        return sum;
    }
}
