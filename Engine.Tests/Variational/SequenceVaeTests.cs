using Engine.Models.Autoregressive.Series;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Variational.Sequences;

namespace Engine.Tests.Variational;

public sealed class SequenceVaeTests : IsolatedTests
{
    private const int Tokens = 5, End = 3, Latent = 2;

    [Theory, Values("gru", "lstm", "transformer")]
    public void The_loss_is_that_of_the_formula(string network)
    {
        using SequenceVae vae = Make(Cpu, network);
        using Tape tape = new(Cpu, record: false);
        SequenceBatch batch = Batch();
        (Tensor mean, Tensor logVariance) = vae.Parameterize(batch);
        double[] m = mean.ToDoubles(), s = logVariance.ToDoubles();
        double[] noise = Tensor.Normal([2, Latent], new RandomStream(7), dtype: DType.Float64).ToDoubles();
        double[] z = [.. Enumerable.Range(0, 4).Select(i => m[i] + (Math.Exp(s[i] / 2) * noise[i]))];
        double[] each = [.. Enumerable.Range(0, 4).Select(i => 0.5 * ((m[i] * m[i]) + Math.Exp(s[i]) - 1 - s[i]))];
        Tensor features = vae.Decoder.Network.Forward(vae.Decoder.Elements.Embed(batch.Inputs), Tensor.From(z, [2, Latent]));
        double[] logits = vae.Decoder.Elements.Parameterize(features).ToDoubles();

        // The first line has three characters and its end, the second one and its end.
        int[][] targets = [[0, 2, 1, End], [1, End]];
        double reconstruction = 0;
        for (int i = 0; i < 2; i++)
        {
            for (int t = 0; t < targets[i].Length; t++)
            {
                double[] row = logits[(((i * 4) + t) * 4)..][..4];
                reconstruction -= (row[targets[i][t]] - Math.Log(row.Sum(Math.Exp))) / 2;
            }
        }

        VaeLosses losses = vae.Losses(batch, new SequenceObjective { Beta = 0.5 }, new RandomStream(7));
        Assert.Equal(reconstruction, losses.Reconstruction.Item(), 1e-9);
        Assert.Equal(each.Sum() / 2, losses.Divergence.Item(), 1e-9);
        Assert.Equal(reconstruction + (0.25 * each.Sum()), losses.Loss.Item(), 1e-9);

        // Each dimension has half of the free nats.
        double free = 1.2 * Math.Max((each[0] + each[2]) / 2, (each[1] + each[3]) / 2);
        double charged = vae.Losses(batch, new SequenceObjective { FreeNats = 2 * free }, new RandomStream(7)).Loss.Item();
        Assert.Equal(reconstruction + (2 * free), charged, 1e-9);
    }

    [Theory, Values("gru", "lstm", "transformer")]
    public void Gradients_of_all_parameters_are_those_of_differences(string network)
    {
        using SequenceVae vae = Make(Cpu, network);
        Differences.AlongDirections(
            vae, () => vae.Losses(Batch(), new SequenceObjective { Beta = 0.7 }, new RandomStream(7)).Loss, 1e-6);
    }

    [Theory, Values("gru", "lstm", "transformer")]
    public void Padding_changes_neither_the_posterior_nor_the_likelihood(string network)
    {
        using SequenceVae vae = Make(Cpu, network);
        using Tape tape = new(Cpu, record: false);
        SequenceBatch both = Batch(), alone = new(
            Tensor.From([1, End], [1, 2]), Tensor.From([End, 1], [1, 2]), Tensor.From([1, End], [1, 2]), [2]);
        double[] padded = vae.Parameterize(both).Mean.ToDoubles(), plain = vae.Parameterize(alone).Mean.ToDoubles();
        Closeness.Near(plain, padded[2..], 1e-12);
        Tensor z = Tensor.From([0.3, -0.7, 0.3, -0.7], [2, 2]);
        Assert.Equal(vae.Decoder.LogLikelihood(alone, z.Slice(0, 0, 1)).ToDoubles()[0],
            vae.Decoder.LogLikelihood(both, z).ToDoubles()[1], 1e-12);
    }

    [Theory, Values("gru", "lstm", "transformer")]
    public void Step_by_step_the_features_are_those_of_the_whole_sequence(string network)
    {
        using SequenceVae vae = Make(Cpu, network);
        using Tape tape = new(Cpu, record: false);
        Tensor x = vae.Decoder.Elements.Embed(Batch().Inputs), z = Tensor.From([0.3, -0.7, 1, 0.1], [2, 2]);
        double[] whole = vae.Decoder.Network.Forward(x, z).ToDoubles();
        int features = vae.Decoder.Network.Features;
        using ICausalSteps steps = vae.Decoder.Begin(z, 2);
        for (int t = 0; t < 4; t++)
        {
            double[] step = steps.Next(x.Slice(1, t, 1)).ToDoubles();
            for (int i = 0; i < 2; i++)
                for (int f = 0; f < features; f++)
                    Assert.Equal(whole[(((i * 4) + t) * features) + f], step[(i * features) + f], 1e-9);
        }
    }

    [Fact]
    public void The_estimated_likelihood_is_that_of_the_integral_over_the_latent()
    {
        using SequenceVae vae = Make(Cpu, "gru", latent: 1);
        using Tape tape = new(Cpu, record: false);
        SequenceBatch batch = new(Tensor.From([1, End], [1, 2]), Tensor.From([End, 1], [1, 2]), Tensor.From([1, End], [1, 2]), [2]);
        double sum = 0;
        const int Points = 400;
        for (int i = 0; i < Points; i++)
        {
            double z = -8 + ((i + 0.5) * 16 / Points);
            sum += Math.Exp(vae.Decoder.LogLikelihood(batch, Tensor.From([z], [1, 1])).ToDoubles()[0] - (0.5 * z * z))
                / Math.Sqrt(2 * Math.PI) * 16 / Points;
        }

        Assert.Equal(Math.Log(sum), vae.LogLikelihood(batch, 3000, new RandomStream(4))[0], 0.02);
    }

    [Fact]
    public void Values_are_normal_given_those_before_them()
    {
        ModuleOptions options = Options(Cpu);
        using SequenceModel model = new(
            new ValueElements(2, 3, options), new RecurrentNetwork(RecurrentCell.Gru, 2, 3, 0, options));
        using Tape tape = new(Cpu, record: false);
        SequenceBatch batch = Cast(SequenceBatches.Of([0.5f, -1, 2], 1));
        Assert.Equal([0, 0, 0.5, 1, -1, 1], batch.Inputs.ToDoubles());
        double[] parameters = model.Forward(batch.Inputs).ToDoubles(), x = [0.5, -1, 2];
        double expected = Enumerable.Range(0, 3).Sum(t => -0.5 * (Math.Log(2 * Math.PI) + parameters[(2 * t) + 1]
            + (Math.Pow(x[t] - parameters[2 * t], 2) / Math.Exp(parameters[(2 * t) + 1]))));
        Assert.Equal(expected, model.LogLikelihood(batch).ToDoubles()[0], 1e-9);
        Assert.Equal([0, 0, 0, 0, 0, 0], SequenceBatches.Of([0.5f, -1, 2], 1, 0.5, [0.1f, 0.2f, 0.3f]).Inputs.ToDoubles());
        Assert.Equal(8, new SeriesWriter(model).Write([], 2, 4, new RandomStream(1)).Length);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        using SequenceVae vae = Make(Cpu, "gru");
        using Tape tape = new(Cpu);
        Refused("RecurrentNetwork: expected a latent [2, 2], found none.", () => vae.Decoder.LogLikelihood(Batch()));
        Refused("expected an encoder without a latent", () => new SequenceVae(vae.Decoder.Network, vae.Decoder, Options(Cpu)));
        Refused("3 series of one length were expected, found 4 values.", () => SequenceBatches.Of(new float[4], 3));
    }

    /// <summary>Three characters, an end that is also the beginning, and a sign for what is left out; in float64.</summary>
    internal static SequenceVae Make(Device device, string network, int latent = Latent)
    {
        ModuleOptions options = Options(device);
        SequenceModel decoder = new(new TokenElements(Tokens, Tokens - 1, 3, 4, options), Network(latent));
        return new SequenceVae(Network(0), decoder, options);

        CausalNetwork Network(int z) => new SequenceVaeChoices
        {
            Network = network, Hidden = 4, Latent = latent, Layers = 2, Heads = 2,
        }.NewNetwork(3, z, 4, options);
    }

    internal static SequenceBatch Batch() => new(
        Tensor.From([0, 2, 1, End, 1, End, End, End], [2, 4]), Tensor.From([End, 0, 2, 1, End, 1, End, End], [2, 4]),
        Tensor.From([0, 2, 1, End, 1, End, -1, -1], [2, 4]), [4, 2]);

    private static SequenceBatch Cast(SequenceBatch batch) => batch with
    {
        Elements = batch.Elements.Cast(DType.Float64), Inputs = batch.Inputs.Cast(DType.Float64),
        Targets = batch.Targets.Cast(DType.Float64),
    };

    private static ModuleOptions Options(Device device) => ModuleOptions.FromSeed(3, device) with { DType = DType.Float64 };
}
