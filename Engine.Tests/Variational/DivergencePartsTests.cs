namespace Engine.Tests.Variational;

public sealed class DivergencePartsTests : IsolatedTests
{
    private const int Batch = 4, Latent = 2;

    [Fact]
    public void The_parts_are_those_of_the_formula_and_add_up_to_the_divergence()
    {
        using Vae vae = TinyVae.Make(Cpu);
        using Tape tape = new(Cpu, record: false);
        (Tensor mean, Tensor logVariance) = vae.Encoder.Parameterize(Images());
        Tensor z = Tensor.Normal([2, Batch, Latent], new RandomStream(3), dtype: DType.Float64);
        const int All = 50;
        DivergenceParts parts = DivergenceParts.Estimate(z, mean, logVariance, All);
        (double information, double correlation, double dimensions) =
            Plain(z.ToDoubles(), mean.ToDoubles(), logVariance.ToDoubles(), 1.0 / (All * Batch));
        Assert.Equal(information, parts.MutualInformation.Item(), 1e-10);
        Assert.Equal(correlation, parts.TotalCorrelation.Item(), 1e-10);
        Assert.Equal(dimensions, parts.DimensionWise.Item(), 1e-10);
        DivergenceWeights weights = new(All) { MutualInformation = 2, TotalCorrelation = 3, DimensionWise = 5 };
        Assert.Equal((2 * information) + (3 * correlation) + (5 * dimensions), parts.Weighted(weights).Item(), 1e-9);

        // The importance-weighted objective's divergence is log q(z|x) - log p(z) at the same noise.
        VaeLosses weighted = vae.Losses(Images(), new VaeObjective { Samples = 3, ImportanceWeighted = true }, new RandomStream(7)),
            split = vae.Losses(Images(), new VaeObjective { Samples = 3, Weights = new DivergenceWeights(9) }, new RandomStream(7));
        Assert.Equal(weighted.Divergence.Item(), split.Divergence.Item(), 1e-9);
        Assert.Equal(split.Reconstruction.Item() + split.Divergence.Item(), split.Loss.Item(), 1e-9);
        Assert.Equal(split.Divergence.Item(), split.Parts!.Value.Sum().Item(), 1e-12);
    }

    [Fact]
    public void Gradients_of_the_weighted_parts_are_those_of_differences()
    {
        using Vae vae = TinyVae.Make(Cpu);
        VaeObjective objective = new()
        {
            Samples = 2, Beta = 0.7,
            Weights = new DivergenceWeights(30) { MutualInformation = 0.5, TotalCorrelation = 6, DimensionWise = 2 },
        };
        Differences.AlongDirections(vae, () => vae.Losses(Images(), objective, new RandomStream(7)).Loss, 1e-6);
    }

    [Fact]
    public void Measured_over_all_images_the_mean_of_them_is_exact()
    {
        using Vae vae = TinyVae.Make(Cpu);
        const int Count = 120;
        float[] images = [.. Enumerable.Range(0, Count * TinyVae.Pixels).Select(i => i * i % 7 / 6f)];
        (double information, double correlation, double dimensions) = DivergenceParts.Measure(vae, images, Count, new RandomStream(5));
        using Tape tape = new(Cpu, record: false);
        (Tensor mean, Tensor logVariance) = vae.Encoder.Parameterize(Tensor.From(images, [Count, 3]).Cast(DType.Float64));
        Tensor z = mean + ((0.5 * logVariance).Exp()
            * Tensor.Normal([1, Count, Latent], new RandomStream(5), dtype: DType.Float64).Reshape(mean.Shape));
        (double I, double C, double D) expected = Plain(z.ToDoubles(), mean.ToDoubles(), logVariance.ToDoubles(), 1.0 / Count);
        Assert.Equal(expected.I, information, 1e-9);
        Assert.Equal(expected.C, correlation, 1e-9);
        Assert.Equal(expected.D, dimensions, 1e-9);
        Assert.InRange(information, 0, Math.Log(Count));
        Assert.True(vae.IsTraining);
    }

    [Fact]
    public void An_encoder_that_looks_at_no_image_has_neither_information_nor_correlation()
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu) with { DType = DType.Float64 };
        GaussianEncoder encoder = new(new Linear(3, 2, options), 2, Latent, options, Initializers.Zeros, Initializers.Constant(0.5));
        using Vae vae = new(encoder, new Linear(Latent, 3, options));
        (double information, double correlation, _) = DivergenceParts.Measure(vae, TinyVae.Images, Batch, new RandomStream(5));
        Assert.Equal(0, information, 1e-12);
        Assert.Equal(0, correlation, 1e-12);
    }

    [Fact]
    public void Requests_without_sense_are_refused()
    {
        using Vae vae = TinyVae.Make(Cpu);
        using Tape tape = new(Cpu);
        VaeObjective both = new() { Samples = 2, ImportanceWeighted = true, Weights = new DivergenceWeights(3) };
        Refused("found the importance-weighted one", () => vae.Losses(Images(), both, new RandomStream(1)));
        RefusedExactly("4 images were expected, found 13 values.",
            () => DivergenceParts.Measure(vae, new float[13], 4, new RandomStream(1)));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => vae.Losses(Images(), new VaeObjective { Weights = new DivergenceWeights(0) }, new RandomStream(1)));
    }

    private static Tensor Images() => Tensor.From(TinyVae.Images, [Batch, TinyVae.Pixels]).Cast(DType.Float64);

    // E[log q(z|x) - log q(z)], E[log q(z) - sum log q(z_d)], E[sum log q(z_d) - log p(z_d)], q(z) = factor sum over x of q(z|x)
    private static (double Information, double Correlation, double Dimensions) Plain(
        double[] z, double[] mean, double[] logVariance, double factor)
    {
        int batch = mean.Length / Latent, count = z.Length / Latent;
        double information = 0, correlation = 0, dimensions = 0;
        for (int i = 0; i < count; i++)
        {
            double whole = 0, logPrior = 0;
            double[] single = new double[Latent];
            for (int n = 0; n < batch; n++)
            {
                double product = 1;
                for (int d = 0; d < Latent; d++)
                {
                    double density = Density(i, n, d);
                    product *= density;
                    single[d] += density * factor;
                }

                whole += product * factor;
            }

            double own = Enumerable.Range(0, Latent).Sum(d => Math.Log(Density(i, i % batch, d))), each = single.Sum(Math.Log);
            for (int d = 0; d < Latent; d++) logPrior -= 0.5 * (Math.Log(2 * Math.PI) + (z[(i * Latent) + d] * z[(i * Latent) + d]));
            information += (own - Math.Log(whole)) / count;
            correlation += (Math.Log(whole) - each) / count;
            dimensions += (each - logPrior) / count;
        }

        return (information, correlation, dimensions);

        double Density(int i, int n, int d)
        {
            double variance = Math.Exp(logVariance[(n * Latent) + d]), distance = z[(i * Latent) + d] - mean[(n * Latent) + d];
            return Math.Exp(-0.5 * distance * distance / variance) / Math.Sqrt(2 * Math.PI * variance);
        }
    }
}
