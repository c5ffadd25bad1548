namespace Engine.Tests.Variational;

public sealed class VampPriorTests : IsolatedTests
{
    private static readonly float[] s_images = [1, 0, 1, 0, 0, 1, 1, 1, 0];

    [Fact]
    public void Its_density_is_that_of_the_mixture_of_what_the_encoder_makes_of_the_pseudo_inputs()
    {
        using Vae vae = Make(Cpu);
        VampPrior prior = (VampPrior)vae.Prior!;
        using Tape tape = new(Cpu, record: false);
        double[] inputs = prior.PseudoInputs().ToDoubles();
        Assert.All(inputs.Zip(s_images), pair => Assert.Equal(0.05 + (0.9 * pair.Second), pair.First, 1e-6));
        (Tensor mean, Tensor logVariance) = vae.Encoder.Parameterize(Tensor.From(inputs, [3, 3]));
        double[] m = mean.ToDoubles(), s = logVariance.ToDoubles(), z = [0.3, -1.2, 2, 0.7, -8, 30];
        double[] found = prior.LogDensity(Tensor.From(z, [3, 1, 2])).ToDoubles();
        for (int i = 0; i < 3; i++)
        {
            // log 1/K sum over k of the product over d of N(z_d; m_kd, e^s_kd)
            double[] terms = [.. Enumerable.Range(0, 3).Select(k => Enumerable.Range(0, 2).Sum(d =>
                -0.5 * (Math.Log(2 * Math.PI) + s[(2 * k) + d] + (Math.Pow(z[(2 * i) + d] - m[(2 * k) + d], 2)
                / Math.Exp(s[(2 * k) + d])))))];
            double most = terms.Max(), expected = most + Math.Log(terms.Sum(term => Math.Exp(term - most)) / 3);
            Assert.Equal(expected, found[i], 1e-9 * Math.Max(1, Math.Abs(expected)));
        }
    }

    [Fact]
    public void In_float32_narrow_components_far_from_0_are_as_exact_as_their_parameters()
    {
        // m = 5 in 40 dimensions with variances of e^-6: the terms of the square are half a million each.
        const int Latent = 40;
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        GaussianEncoder encoder = new(new Linear(1, 1, options), 1, Latent, options, Initializers.Zeros, Initializers.Constant(5),
            logVariances: (-6, -6));
        using VampPrior prior = new(encoder, [1f], [1], options);
        float[] z = [.. Enumerable.Range(0, Latent).Select(d => 5 + (0.05f * MathF.Sin(d)))];
        double expected = z.Sum(x => -0.5 * (Math.Log(2 * Math.PI) - 6 + (((double)x - 5) * ((double)x - 5) * Math.Exp(6))));
        using Tape tape = new(Cpu, record: false);
        Assert.Equal(expected, prior.LogDensity(Tensor.From(z, [1, Latent])).ToArray()[0], 1e-5);
        encoder.Dispose();
    }

    [Fact]
    public void Gradients_reach_the_encoder_and_the_pseudo_inputs()
    {
        using Vae vae = Make(Cpu);
        Assert.Contains(vae.NamedParameters(), named => named.Name == "prior.inputs");
        VaeObjective[] objectives = [new() { Samples = 3, Beta = 0.7 }, new() { Samples = 2, ImportanceWeighted = true }];
        foreach (VaeObjective objective in objectives)
            Differences.AlongDirections(vae, () => Loss(vae, objective), 1e-6);
    }

    [Fact]
    public void The_bound_is_the_mean_of_the_logarithms_of_the_importance_weights()
    {
        using Vae vae = Make(Cpu);
        float[] copies = TinyVae.Copies([1, 0, 1], 500);
        double[] bound = vae.EvidenceLowerBound(copies, [500, 3], 1, new RandomStream(2)),
            weights = vae.LogLikelihood(copies, [500, 3], 1, new RandomStream(2));
        Assert.Equal(weights.Average(), bound.Average(), 1e-9);
    }

    [Fact]
    public void Draws_are_those_of_its_components()
    {
        using Vae vae = Make(Cpu);
        VampPrior prior = (VampPrior)vae.Prior!;
        using Tape tape = new(Cpu, record: false);
        const int Count = 20_000;
        double[] z = prior.Sample(Count, new RandomStream(3)).ToDoubles();
        (Tensor mean, Tensor logVariance) = vae.Encoder.Parameterize(prior.PseudoInputs());
        double[] m = mean.ToDoubles(), s = logVariance.ToDoubles();
        for (int d = 0; d < 2; d++)
        {
            double[] column = [.. Enumerable.Range(0, Count).Select(i => z[(2 * i) + d])];
            double expected = Enumerable.Range(0, 3).Average(k => m[(2 * k) + d]),
                square = Enumerable.Range(0, 3).Average(k => (m[(2 * k) + d] * m[(2 * k) + d]) + Math.Exp(s[(2 * k) + d]));
            Assert.Equal(expected, column.Average(), 0.05);
            Assert.Equal(square, column.Average(x => x * x), 0.05 * Math.Max(1, square));
        }

        Assert.Equal((5 * 3, 15), (vae.SampleImages(5, new RandomStream(1)).Length, vae.Sample(5, new RandomStream(1)).Count));
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using Vae vae = Make(Cpu);
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu) with { DType = DType.Float64 };
        Assert.Throws<ArgumentOutOfRangeException>(() => new VampPrior(vae.Encoder, 0, [3], options));
        RefusedExactly("VampPrior: expected a whole number of images [3], found 4 values.",
            () => new VampPrior(vae.Encoder, new float[4], [3], options));
        using Tape tape = new(Cpu);
        RefusedExactly("VampPrior: expected z [..., 2], found [4, 3].",
            () => vae.Prior!.LogDensity(Tensor.Zeros([4, 3], DType.Float64, Cpu)));
        using Vae other = TinyVae.Make(Cpu, latent: 1);
        RefusedExactly("The prior must have the 1 dimensions of the encoder, found 2.",
            () => new Vae(other.Encoder, other.Decoder, vae.Prior));
        Refused("weights for the parts of the divergence", () => Loss(vae, new VaeObjective { Weights = new DivergenceWeights(4) }));
    }

    internal static Vae Make(Device device)
    {
        Vae plain = TinyVae.Make(device);
        ModuleOptions options = ModuleOptions.FromSeed(2, device) with { DType = DType.Float64 };
        return new Vae(plain.Encoder, plain.Decoder, new VampPrior(plain.Encoder, s_images, [TinyVae.Pixels], options));
    }

    private static Tensor Loss(Vae vae, VaeObjective objective) => vae.Losses(
        Tensor.From(TinyVae.Images, [4, TinyVae.Pixels]).Cast(DType.Float64), objective, new RandomStream(7)).Loss;
}
