namespace Engine.Tests.Variational;

public sealed class HierarchicalVaeTests : IsolatedTests
{
    private const int Pixels = TinyVae.Pixels;

    [Theory, Values(false, true)]
    public void The_parts_of_the_bound_are_those_of_the_formula(bool isLearned)
    {
        using HierarchicalVae vae = Make(Cpu, isLearned, latent: 2, out HierarchicalVaeNetworks nets);
        using Tape tape = new(Cpu, record: false);
        const int Samples = 3, Batch = 4;
        Tensor x = Images(), noise = Tensor.Normal([Samples, Batch, 4], new RandomStream(7), dtype: DType.Float64);
        double[] e = noise.ToDoubles(), image = x.ToDoubles();
        (Tensor mean2, Tensor logVariance2) = nets.SecondEncoder.Parameterize(x);
        double[] m2 = mean2.ToDoubles(), s2 = logVariance2.ToDoubles();
        double logLikelihood = 0, divergence = 0, logRatio = 0;
        for (int i = 0; i < Samples; i++)
        {
            for (int n = 0; n < Batch; n++)
            {
                // z2 = m2 + e^(s2 / 2) e2, and with it z1 likewise
                double[] noise1 = e[(((i * Batch) + n) * 4)..][..2], noise2 = e[((((i * Batch) + n) * 4) + 2)..][..2];
                double[] own2 = m2[(n * 2)..][..2], own2Variance = s2[(n * 2)..][..2], z2 = Drawn(own2, own2Variance, noise2);
                Tensor second = Tensor.From(z2, [1, 2]), features = Tensor.Concat(
                    -1, nets.ImageFeatures.Forward(x.Slice(0, n, 1)), nets.LatentFeatures.Forward(second));
                (double[] own1, double[] own1Variance) = Doubles(nets.FirstEncoder.Parameterize(features));
                (double[] prior1, double[] prior1Variance) = Doubles(nets.FirstPrior.Parameterize(second));
                double[] z1 = Drawn(own1, own1Variance, noise1);
                double logPrior2 = vae.Prior?.LogDensity(second).ToDoubles()[0] ?? LogNormal(z2, [0, 0], [0, 0]);
                double[] logits = nets.Decoder.Forward(Tensor.Concat(-1, nets.FirstDecoderFeatures.Forward(Tensor.From(z1, [1, 2])),
                    nets.SecondDecoderFeatures.Forward(second))).ToDoubles();
                logLikelihood += Enumerable.Range(0, Pixels).Sum(p =>
                    (image[(n * Pixels) + p] * logits[p]) - Math.Log(1 + Math.Exp(logits[p])));
                logRatio += logPrior2 + LogNormal(z1, prior1, prior1Variance) - LogNormal(z2, own2, own2Variance)
                    - LogNormal(z1, own1, own1Variance);
                divergence += vae.Prior is null ? Divergence(own2, own2Variance, [0, 0], [0, 0])
                    : LogNormal(z2, own2, own2Variance) - logPrior2;
                divergence += Divergence(own1, own1Variance, prior1, prior1Variance);
            }
        }

        VaeLosses bound = vae.Losses(x, new VaeObjective { Samples = Samples, Beta = 0.5 }, new RandomStream(7)),
            weighted = vae.Losses(x, new VaeObjective { Samples = Samples, ImportanceWeighted = true }, new RandomStream(7));
        const int All = Samples * Batch;
        Assert.Equal(-logLikelihood / All, bound.Reconstruction.Item(), 1e-9);
        Assert.Equal(divergence / All, bound.Divergence.Item(), 1e-9);
        Assert.Equal((-logLikelihood + (0.5 * divergence)) / All, bound.Loss.Item(), 1e-9);
        Assert.Equal(-logRatio / All, weighted.Divergence.Item(), 1e-9);
    }

    [Theory, Values(false, true)]
    public void Gradients_of_all_parameters_are_those_of_differences(bool isLearned)
    {
        using HierarchicalVae vae = Make(Cpu, isLearned, latent: 1, out _);
        foreach (VaeObjective objective in (VaeObjective[])[new() { Samples = 2 }, new() { Samples = 2, ImportanceWeighted = true }])
            Differences.AlongDirections(vae, () => vae.Losses(Images(), objective, new RandomStream(7)).Loss, 1e-6);
    }

    [Fact]
    public void The_estimated_likelihood_is_that_of_the_integral_over_both_levels()
    {
        using HierarchicalVae vae = Make(Cpu, isLearned: true, latent: 1, out HierarchicalVaeNetworks nets);
        const int Points = 161;
        const double Width = 16.0 / Points;
        double[] at = [.. Enumerable.Range(0, Points).Select(i => -8 + ((i + 0.5) * Width))];
        using Tape tape = new(Cpu, record: false);
        double[] prior = vae.Prior!.LogDensity(Tensor.From(at, [Points, 1])).ToDoubles();
        (double[] mean, double[] logVariance) = Doubles(nets.FirstPrior.Parameterize(Tensor.From(at, [Points, 1])));
        double[] both = [.. at.SelectMany(z2 => at.SelectMany(z1 => (double[])[z1, z2]))];
        double[] pixels = vae.Decode(Tensor.From(both, [Points * Points, 2])).ToDoubles();
        double sum = 0;
        for (int k = 0; k < Points * Points; k++)
        {
            int of2 = k / Points;
            double likelihood = pixels[k * 3] * (1 - pixels[(k * 3) + 1]) * pixels[(k * 3) + 2];
            sum += Math.Exp(prior[of2] + LogNormal([at[k % Points]], [mean[of2]], [logVariance[of2]])) * likelihood * Width * Width;
        }

        double[] found = vae.LogLikelihood([1, 0, 1, 1, 0, 1], [2, 3], 40_000, new RandomStream(4), rows: 9000);
        Assert.All(found, value => Assert.Equal(Math.Log(sum), value, 0.03));
        Assert.True(vae.EvidenceLowerBound([1, 0, 1], [1, 3], 2000, new RandomStream(5))[0] < Math.Log(sum));
    }

    [Fact]
    public void Latents_of_both_levels_are_encoded_drawn_and_decoded()
    {
        using HierarchicalVae vae = Make(Cpu, isLearned: true, latent: 2, out HierarchicalVaeNetworks nets);
        Assert.Equal(4, vae.Latent);
        float[] latents = vae.Encode(TinyVae.Images, [4, Pixels]);
        Assert.Equal(16, latents.Length);
        using Tape tape = new(Cpu, record: false);
        double[] second = nets.SecondEncoder.Forward(Images()).ToDoubles();
        for (int i = 0; i < 8; i++) Assert.Equal(second[i], latents[(i / 2 * 4) + 2 + (i % 2)], 1e-6);
        Assert.Equal(12, vae.Decode(latents).Length);
        Assert.Equal(vae.SampleImages(6, new RandomStream(1)), vae.SampleImages(6, new RandomStream(1)));
        Refused("HierarchicalVae: p(z1|z2) must have the 2 dimensions of q(z1|x, z2), found 1.", () => new HierarchicalVae(
            nets with { FirstPrior = new GaussianEncoder(new Linear(2, 2, Options(Cpu)), 2, 1, Options(Cpu)) }));
    }

    [Fact]
    public void The_network_of_the_recipe_begins_near_independent_pixels_and_learns()
    {
        ImageDataset data = Digits.Draw(100, 1, "digits");
        float[] images = BinaryImages.ToFloats(data, Binarization.Threshold, 1);
        using HierarchicalVae vae = VampRecipe.Network(BinaryImages.MeanLogits(data), ModuleOptions.FromSeed(1, Cpu),
            encoder => new VampPrior(encoder, images.AsSpan(0, 10 * 784), [784], ModuleOptions.FromSeed(2, Cpu)), latent: 4, hidden: 12);
        using Adam adam = new(vae.Parameters, 3e-3);
        RandomStream random = new(1);
        List<double> losses = [];
        long before = 0;
        for (int step = 0; step < 60; step++)
        {
            if (step == 1) before = Cpu.MemoryInUse;
            using Tape tape = new(Cpu);
            VaeLosses found = vae.Losses(Tensor.From(images, [100, 784]), new VaeObjective(), random);
            adam.Step(tape.Gradients(found.Loss, vae.Parameters));
            losses.Add(found.Loss.Item());
        }

        Assert.Equal(before, Cpu.MemoryInUse);
        Assert.True(losses[^1] < 0.8 * losses[0], $"{losses[0]} to {losses[^1]}");
    }

    /// <summary>Both levels of as many dimensions, in float64, with weights wide enough that they depend on each other.</summary>
    internal static HierarchicalVae Make(Device device, bool isLearned, int latent, out HierarchicalVaeNetworks networks)
    {
        ModuleOptions options = Options(device);
        Initializer normal = Initializers.Normal(0, 0.6);
        networks = new HierarchicalVaeNetworks
        {
            SecondEncoder = Gaussian(Pixels),
            ImageFeatures = Layer(Pixels, 3),
            LatentFeatures = Layer(latent, 2),
            FirstEncoder = Gaussian(5),
            FirstPrior = Gaussian(latent),
            FirstDecoderFeatures = Layer(latent, 2),
            SecondDecoderFeatures = Layer(latent, 3),
            Decoder = new Linear(5, Pixels, options, true, normal, normal),
        };
        return new HierarchicalVae(networks, isLearned
            ? new VampPrior(networks.SecondEncoder, [1, 0, 1, 0, 1, 1], [Pixels], options) : null);

        GatedLinear Layer(int inputs, int outputs) => new(inputs, outputs, options, normal, normal);

        GaussianEncoder Gaussian(int inputs) => new(Layer(inputs, 3), 3, latent, options, normal, normal, logVariances: (-2, 1));
    }

    internal static Tensor Images() => Tensor.From(TinyVae.Images, [4, Pixels]).Cast(DType.Float64);

    private static ModuleOptions Options(Device device) => ModuleOptions.FromSeed(3, device) with { DType = DType.Float64 };

    private static (double[] Mean, double[] LogVariance) Doubles((Tensor Mean, Tensor LogVariance) pair) =>
        (pair.Mean.ToDoubles(), pair.LogVariance.ToDoubles());

    private static double[] Drawn(double[] mean, double[] logVariance, double[] noise) =>
        [.. Enumerable.Range(0, mean.Length).Select(d => mean[d] + (Math.Exp(logVariance[d] / 2) * noise[d]))];

    private static double LogNormal(double[] z, double[] mean, double[] logVariance) => Enumerable.Range(0, z.Length).Sum(d =>
        -0.5 * (Math.Log(2 * Math.PI) + logVariance[d] + (Math.Pow(z[d] - mean[d], 2) / Math.Exp(logVariance[d]))));

    private static double Divergence(double[] m, double[] s, double[] n, double[] t) => Enumerable.Range(0, m.Length).Sum(d =>
        0.5 * (t[d] - s[d] - 1 + ((Math.Exp(s[d]) + Math.Pow(m[d] - n[d], 2)) / Math.Exp(t[d]))));
}
