using Engine.Models.Variational.Quantized;

namespace Engine.Tests.Variational;

public sealed class VqVaeTests : IsolatedTests
{
    private const int Codes = 4;

    [Theory, Values("Bernoulli", "Logistic")]
    public void The_loss_is_that_of_the_formula(string likelihood)
    {
        using VqVae vae = Make(Cpu, likelihood, "Loss");
        using Tape tape = new(Cpu);
        float[] images = Images(likelihood);
        Tensor x = Tensor.From(images, [2, 8, 8, 1]).Cast(DType.Float64);
        Tensor codes = vae.Encode(x);
        double[] outputs = vae.Decode(codes).ToDoubles(), z = vae.Encoder.Forward(x).ToDoubles(),
            e = vae.Quantizer.Lookup(codes).ToDoubles();
        double squares = z.Zip(e, (a, b) => (a - b) * (a - b)).Sum() / 2, reconstruction = 0;
        for (int i = 0; i < images.Length; i++)
        {
            if (likelihood == "Bernoulli")
            {
                reconstruction += (Math.Log(1 + Math.Exp(outputs[i])) - (images[i] * outputs[i])) / 2;
                continue;
            }

            // The logistic distribution function at half a level to either side.
            double mean = Sigmoid(outputs[2 * i]), scale = Math.Exp(outputs[(2 * i) + 1]), half = 0.5 / 255, level = images[i];
            double above = level > 1 - half ? 1 : Sigmoid((level + half - mean) / scale);
            double below = level < half ? 0 : Sigmoid((level - half - mean) / scale);
            reconstruction -= Math.Log(above - below) / 2;
        }

        VqVaeLosses losses = vae.Losses(x);
        Assert.Equal(reconstruction, losses.Reconstruction.Item(), 1e-6);
        Assert.Equal(squares, losses.Commitment.Item(), 1e-9);
        Assert.Equal(reconstruction + (1.5 * squares), losses.Loss.Item(), 1e-6);
        Assert.Equal(codes.ToInts(), losses.Codes.ToInts());
        Assert.True(codes.ToInts().Distinct().Count() > 1);
    }

    [Fact]
    public void The_decoder_has_the_gradient_of_differences()
    {
        using VqVae vae = Make(Cpu, "Bernoulli", "Loss");
        Differences.AlongDirections(vae.Decoder, () => vae.Losses(Batch("Bernoulli")).Loss, 1e-6);
    }

    [Theory, Values("Averages", "Loss")]
    public void The_encoder_has_the_gradient_of_a_loss_in_which_the_step_to_the_code_is_constant(string learning)
    {
        using VqVae vae = Make(Cpu, "Bernoulli", learning);
        vae.Eval();
        using Tape tape = new(Cpu);
        Tensor x = Batch("Bernoulli");
        Tensor[] found = tape.Gradients(vae.Losses(x).Loss, vae.Encoder.Parameters);

        // -log p(x | z + c) + beta ||z - e||^2 with c = e - z
        Tensor z = vae.Encoder.Forward(x), e = vae.Quantizer.Lookup(vae.Quantizer.Nearest(z)).Detach(), step = (e - z).Detach();
        Tensor surrogate = -vae.LogLikelihood(x, vae.Decoder.Forward(z + step)).Mean() + (0.5 * (z - e).Square().Sum() / 2);
        Closeness.Near(tape.Gradients(surrogate, vae.Encoder.Parameters), found, 1e-9);
    }

    [Fact]
    public void The_probabilities_of_all_grids_of_codes_add_up_to_one()
    {
        using CodePrior prior = new(3, (2, 2), 4, 2, Options(Cpu));
        int[] all = [.. Enumerable.Range(0, 81).SelectMany(i => (int[])[i % 3, i / 3 % 3, i / 9 % 3, i / 27])];
        double[] nats = prior.LogLikelihood(all, atOnce: 17);
        Assert.Equal(1, nats.Sum(Math.Exp), 1e-9);
        using Tape tape = new(Cpu, record: false);
        Closeness.Near(nats, prior.LogLikelihood(Tensor.From(all, [81, 2, 2])), 1e-12);
        Assert.Equal(2, prior.BitsPerCode(8 * Math.Log(2)), 1e-12);

        // Of many samples each grid has about the share of its probability.
        int[] drawn = prior.Sample(4000, new RandomStream(2));
        int first = Enumerable.Range(0, 4000).Count(i => drawn.AsSpan(4 * i, 4).IndexOfAnyExcept(0) < 0);
        Assert.Equal(Math.Exp(nats[0]), first / 4000.0, 0.02);
        Assert.Equal(drawn, prior.Sample(4000, new RandomStream(2)));
    }

    [Fact]
    public void The_bound_is_that_of_the_formula_and_above_the_sum_over_all_codes()
    {
        using VqVae vae = Make(Cpu, "Bernoulli", "Averages");
        using CodePrior prior = new(Codes, (2, 2), 3, 1, Options(Cpu));
        float[] images = Images("Bernoulli");
        Shape shape = [2, 8, 8, 1];
        QuantizedBound bound = QuantizedBound.Of(vae, prior, images, shape, atOnce: 1);
        int[] codes = vae.Encode(images, shape, atOnce: 1);
        Assert.Equal(-prior.LogLikelihood(codes).Average(), bound.Codes, 1e-12);
        Assert.Equal(4 * Math.Log(Codes), bound.Uniform, 1e-12);
        Assert.Equal(bound.Reconstruction + bound.Codes, bound.Total, 1e-12);
        Assert.True(bound.Perplexity is > 1 and <= Codes);

        // log p(x) = log sum over the grids of p(codes) p(x|codes)
        const int Grids = Codes * Codes * Codes * Codes;
        int[] all = [.. Enumerable.Range(0, Grids).SelectMany(i => (int[])[i % 4, i / 4 % 4, i / 16 % 4, i / 64])];
        double[] ofGrids = prior.LogLikelihood(all);
        using Tape tape = new(Cpu, record: false);
        Tensor x = Batch("Bernoulli"), outputs = vae.Decode(Tensor.From(all, [Grids, 2, 2]));
        (double reconstruction, double exact) = (0, 0);
        for (int i = 0; i < 2; i++)
        {
            Tensor repeated = x.Slice(0, i, 1).BroadcastTo([Grids, 8, 8, 1]);
            double[] given = vae.LogLikelihood(repeated, outputs).ToDoubles();
            int own = Enumerable.Range(0, 4).Sum(at => codes[(4 * i) + at] << (2 * at));
            reconstruction -= given[own] / 2;
            exact -= Math.Log(given.Zip(ofGrids, (a, b) => Math.Exp(a + b)).Sum()) / 2;
        }

        Assert.Equal(reconstruction, bound.Reconstruction, 1e-9);
        Assert.True(exact < bound.Total, $"{exact} {bound.Total}");
        float[] decoded = vae.Decode(codes, [2, 2, 2], atOnce: 1);
        Closeness.Near(vae.Means(vae.Decode(Tensor.From(codes, [2, 2, 2]))).ToDoubles(), [.. decoded.Select(p => (double)p)], 1e-6);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using VqVae vae = Make(Cpu, "Bernoulli", "Averages");
        using CodePrior prior = new(Codes + 1, (2, 2), 2, 1, Options(Cpu));
        using Tape tape = new(Cpu);
        Refused("expected a prior of 4 codes, found one of 5", () => QuantizedBound.Of(vae, prior, new float[64], [1, 8, 8, 1]));
        Refused("expected codes of Int32 [batch, 2, 2], found Int32 [1, 4, 1]",
            () => prior.LogLikelihood(Tensor.From([0, 1, 2, 3], [1, 4, 1])));
        Refused("expected grids of 4 codes, found 3 codes", () => prior.LogLikelihood([0, 1, 2]));
        Refused("found 3 for [1, 8, 8, 1]", () => vae.Encode(new float[3], [1, 8, 8, 1]));
        Refused("found 3 for [1, 2, 2]", () => vae.Decode(new int[3], [1, 2, 2]));
        Refused<ArgumentOutOfRangeException>(
            "the width must be at least 2, found 1", () => VqVaeNetworks.Encoder(1, 1, 0, 1, Options(Cpu)));
        Refused<ArgumentOutOfRangeException>(
            "must be finite and not negative, found -1", () => new VqVae(vae.Encoder, vae.Quantizer, vae.Decoder, commitment: -1));
    }

    /// <summary>A model of images of 8 x 8 in float64, whose codebook is where its vectors are.</summary>
    internal static VqVae Make(Device device, string likelihood, string learning)
    {
        ModuleOptions options = Options(device);
        PixelLikelihood kind = Enum.Parse<PixelLikelihood>(likelihood);
        VectorQuantizer quantizer = new(
            new VectorQuantizerOptions { Codes = Codes, Depth = 2, Learning = Enum.Parse<CodebookLearning>(learning) }, options);
        VqVae vae = new(
            VqVaeNetworks.Encoder(1, 4, 1, 2, options), quantizer,
            VqVaeNetworks.Decoder(kind == PixelLikelihood.Logistic ? 2 : 1, 4, 1, 2, options), kind, commitment: 0.5);
        using Tape tape = new(device, record: false);
        double[] z = vae.Encoder.Forward(Batch(likelihood)).ToDoubles();
        quantizer.Codebook.Storage.CopyFrom<double>([.. z[..(2 * Codes)].Select((value, i) => value + (1e-4 * i))]);
        return vae;
    }

    internal static Tensor Batch(string likelihood) => Tensor.From(Images(likelihood), [2, 8, 8, 1]).Cast(DType.Float64);

    private static ModuleOptions Options(Device device) => ModuleOptions.FromSeed(3, device) with { DType = DType.Float64 };

    private static float[] Images(string likelihood)
    {
        Random random = new(1);
        return [.. Enumerable.Range(0, 128).Select(_ => likelihood == "Bernoulli" ? random.Next(2) : random.Next(256) / 255f)];
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
