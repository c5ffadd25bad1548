namespace Engine.Tests.Diffusion;

public sealed class DiscretizedGaussianTests : IsolatedTests
{
    [Theory, Rows("0.1 -3, -0.98 -9, 1.5 -2, 0.5 2")]
    public void The_256_levels_have_probabilities_that_add_up_to_one(double mean, double logVariance)
    {
        using Tape tape = new(Cpu);
        double[] levels = [.. Enumerable.Range(0, 256).Select(i => -1 + (2.0 * i / 255))];
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            Tensor log = LogLikelihood.DiscretizedGaussian(
                Tensor.From(levels, [256]).Cast(type), Tensor.Full([], mean, type), Tensor.Full([], logVariance, type), Reduction.None);
            Assert.Equal(1, log.ToDoubles().Sum(Math.Exp), type == DType.Float64 ? 1e-11 : 2e-5);
        }
    }

    [Theory, Rows("-1.0 -0.99, 0.2 0.21, 0.2 0.19")]
    public void Far_from_the_mean_the_logarithm_is_that_of_the_density_at_the_end_of_the_bin(double level, double mean)
    {
        // Deviations so small that the mean is some hundred of them away: log p is nearly -(distance to the bin)² / 2 of them, and finite.
        using Tape tape = new(Cpu);
        const double LogVariance = -22;
        double half = 1.0 / 255, distance = (Math.Abs(level - mean) - half) / Math.Exp(LogVariance / 2);
        Tensor wide = tape.Watch(Tensor.Full([1], mean, DType.Float64));
        Tensor log = LogLikelihood.DiscretizedGaussian(
            Tensor.Full([1], level, DType.Float64), wide, Tensor.Full([1], LogVariance, DType.Float64));
        double expected = (-0.5 * distance * distance) - Math.Log(distance * Math.Sqrt(2 * Math.PI));
        Assert.Equal(1, log.Item() / expected, 1e-6);
        Assert.Equal(1, tape.Gradient(log, wide).Item() / (Math.Sign(level - mean) * distance / Math.Exp(LogVariance / 2)), 1e-3);
    }
}
