namespace Engine.Tests.Variational;

public sealed class VaeBoundTests : IsolatedTests
{
    private const int Draws = 20_000;
    private static readonly float[] s_image = [1, 0, 1];

    [Fact]
    public void The_divergence_is_that_of_the_integral_over_the_density()
    {
        using Vae vae = TinyVae.Make(Cpu, latent: 1);
        (double mean, double variance) = Posterior(vae);

        // KL = integral of q log(q / p)
        double deviation = Math.Sqrt(variance);
        double expected = Integral(
            mean - (12 * deviation), mean + (12 * deviation), z =>
                Normal(z, mean, variance) * (LogNormal(z, mean, variance) - LogNormal(z, 0, 1)));
        using Tape tape = new(Cpu);
        VaeLosses losses = vae.Losses(Tensor.From(s_image, [1, 3]).Cast(DType.Float64), new VaeObjective { Beta = 2 }, new RandomStream(1));
        Assert.Equal(expected, losses.Divergence.Item(), 1e-6);
        Assert.Equal(losses.Reconstruction.Item() + (2 * expected), losses.Loss.Item(), 1e-6);
    }

    [Fact]
    public void The_importance_weighted_bound_rises_with_k_from_the_evidence_to_the_likelihood()
    {
        using Vae vae = TinyVae.MakeWide(Cpu);
        float[] images = TinyVae.Copies(s_image, Draws);
        Shape shape = [Draws, 3];
        double evidence = vae.EvidenceLowerBound(images, shape, 1, new RandomStream(1)).Average();
        double one = Bound(1), two = Bound(2), five = Bound(5), fifty = Bound(50), exact = Exact(vae);
        Assert.Equal(evidence, one, 0.05);
        Assert.True(evidence < two && two < five && five < fifty && fifty < exact + 0.01,
            $"{evidence} < {two} < {five} < {fifty} < {exact}");
        Assert.True(exact - evidence > 0.1, "the bounds must differ for the test to say something");
        Assert.Equal(exact, fifty, 0.05);

        double Bound(int samples) => vae.LogLikelihood(images, shape, samples, new RandomStream(1)).Average();
    }

    [Fact]
    public void The_loss_is_the_bound_that_is_evaluated()
    {
        using Vae vae = TinyVae.Make(Cpu);
        float[] images = TinyVae.Copies(s_image, Draws);
        Shape shape = [Draws, 3];
        Assert.Equal(-vae.EvidenceLowerBound(images, shape, 3, new RandomStream(2)).Average(), Loss(new VaeObjective { Samples = 3 }),
            0.03);
        Assert.Equal(-vae.LogLikelihood(images, shape, 3, new RandomStream(2)).Average(),
            Loss(new VaeObjective { Samples = 3, ImportanceWeighted = true }), 0.03);

        double Loss(VaeObjective objective)
        {
            using Tape tape = new(Cpu, record: false);
            return vae.Losses(Tensor.From(images, shape).Cast(DType.Float64), objective, new RandomStream(3)).Loss.Item();
        }
    }

    [Theory, Values(3, 12)]
    public void The_estimated_likelihood_is_that_of_the_integral_over_the_latent(long seed)
    {
        using Vae vae = TinyVae.MakeWide(Cpu, seed);
        double exact = Exact(vae);
        Assert.Equal(exact, vae.LogLikelihood(s_image, [1, 3], 200_000, new RandomStream(4))[0], 0.01);

        // In parts of few rows, and of several images at once.
        Assert.Equal(exact, vae.LogLikelihood(s_image, [1, 3], 200_000, new RandomStream(5), rows: 999)[0], 0.01);
        double[] both = vae.LogLikelihood([1, 0, 1, 1, 0, 1], [2, 3], 50_000, new RandomStream(6), rows: 100_000);
        Assert.All(both, found => Assert.Equal(exact, found, 0.02));
    }

    [Fact]
    public void A_decoder_that_looks_at_no_latent_has_a_likelihood_without_error()
    {
        // q = p, and the pixels do not depend on z: every weight is p(x).
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu) with { DType = DType.Float64 };
        Linear output = new(2, 3, options, true, Initializers.Zeros, Initializers.Zeros);
        output.Bias!.Set([0.5f, -2, 0]);
        Initializer zero = Initializers.Zeros;
        using Vae vae = new(new GaussianEncoder(new Linear(3, 2, options, true, zero, zero), 2, 2, options, zero, zero), output);

        // log p = x log s(b) + (1 - x) log(1 - s(b)); -log(1 + e^-b) and -log(1 + e^b)
        double expected = -Math.Log(1 + Math.Exp(-0.5)) - Math.Log(1 + Math.Exp(-2)) - Math.Log(2);
        Assert.Equal(expected, vae.LogLikelihood(s_image, [1, 3], 7, new RandomStream(1))[0], 1e-12);
        Assert.Equal(expected, vae.EvidenceLowerBound(s_image, [1, 3], 7, new RandomStream(1))[0], 1e-12);
    }

    [Fact]
    public void Estimates_leave_no_memory_behind_and_the_mode_as_it_was()
    {
        using Vae vae = TinyVae.Make(Cpu);
        long before = Cpu.MemoryInUse;
        vae.LogLikelihood(TinyVae.Images, [4, 3], 10, new RandomStream(1), rows: 7);
        vae.EvidenceLowerBound(TinyVae.Images, [4, 3], 10, new RandomStream(1), rows: 7);
        vae.Encode(TinyVae.Images, [4, 3], rows: 3);
        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.True(vae.IsTraining && vae.Decoder.IsTraining);
        vae.Eval();
        vae.Encode(TinyVae.Images, [4, 3]);
        Assert.False(vae.IsTraining);
    }

    [Fact]
    public void Encoding_and_decoding_in_parts_change_nothing()
    {
        using Vae vae = TinyVae.Make(Cpu);
        float[] latents = vae.Encode(TinyVae.Images, [4, 3]);
        Assert.Equal(latents, vae.Encode(TinyVae.Images, [4, 3], rows: 3));
        float[] pixels = vae.Decode(latents);
        Assert.Equal(pixels, vae.Decode(latents, rows: 1));
        using Tape tape = new(Cpu, record: false);
        Tensor whole = vae.Forward(Tensor.From(TinyVae.Images, [4, 3]).Cast(DType.Float64));
        Assert.All(whole.ToDoubles().Zip(pixels), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void Requests_without_sense_are_refused()
    {
        using Vae vae = TinyVae.Make(Cpu);
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From(TinyVae.Images, [4, 3]).Cast(DType.Float64);
        Assert.Throws<ArgumentOutOfRangeException>(() => vae.Losses(x, new VaeObjective { Samples = 0 }, new RandomStream(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => vae.LogLikelihood(TinyVae.Images, [4, 3], 0, new RandomStream(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => vae.EvidenceLowerBound(TinyVae.Images, [4, 3], 1, new RandomStream(1), rows: 0));
        RefusedExactly("Latents of 2 values each were expected, found 3 values.", () => vae.Decode(new float[3]));
    }

    // log of the integral of p(z) p(x|z)
    private double Exact(Vae vae)
    {
        const int Points = 4001;
        double[] at = [.. Enumerable.Range(0, Points).Select(i => -10 + (20.0 * i / (Points - 1)))];
        using Tape tape = new(Cpu, record: false);
        double[] pixels = vae.Decode(Tensor.From(at, [Points, 1])).ToDoubles();
        double sum = 0;
        for (int i = 0; i < Points; i++)
        {
            double likelihood = 1;
            for (int p = 0; p < 3; p++) likelihood *= s_image[p] > 0 ? pixels[(i * 3) + p] : 1 - pixels[(i * 3) + p];
            sum += Normal(at[i], 0, 1) * likelihood * (20.0 / (Points - 1));
        }

        return Math.Log(sum);
    }

    private (double Mean, double Variance) Posterior(Vae vae)
    {
        using Tape tape = new(Cpu, record: false);
        (Tensor mean, Tensor logVariance) = vae.Encoder.Parameterize(Tensor.From(s_image, [1, 3]).Cast(DType.Float64));
        return (mean.Item(), Math.Exp(logVariance.Item()));
    }

    private static double Integral(double low, double high, Func<double, double> f)
    {
        const int Steps = 20_000;
        double width = (high - low) / Steps;
        return Enumerable.Range(0, Steps).Sum(i => f(low + ((i + 0.5) * width)) * width);
    }

    private static double Normal(double z, double mean, double variance) => Math.Exp(LogNormal(z, mean, variance));

    private static double LogNormal(double z, double mean, double variance) =>
        -0.5 * (Math.Log(2 * Math.PI * variance) + ((z - mean) * (z - mean) / variance));
}
