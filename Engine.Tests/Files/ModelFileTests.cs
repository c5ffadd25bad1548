using Engine.Kernels.Flows;
using Engine.Kernels.Sampling;
using Engine.Models.Adversarial;
using Engine.Models.Adversarial.Autoencoders;
using Engine.Models.Adversarial.Conditional;
using Engine.Models.Adversarial.Residual;
using Engine.Models.Adversarial.SemiSupervised;
using Engine.Models.Autoregressive;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Diffusion;
using Engine.Models.Files;
using Engine.Models.Flow;
using Engine.Models.Variational;
using Engine.Models.Variational.Quantized;
using Engine.Models.Variational.Sequences;

namespace Engine.Tests.Files;

/// <summary>Models made again from their files of weights.</summary>
public sealed class ModelFileTests : IsolatedTests
{
    private static readonly ImageSize s_size = new(8, 8, 1);
    private static readonly CharacterVocabulary s_vocabulary = new("ab \n");
    private static readonly SequenceVaeChoices s_sequences = new() { Network = "gru", Hidden = 6, Latent = 2, Layers = 1, Heads = 2 };

    // By family: parts with the names of their weights, and what the file says of them.
    private static readonly Dictionary<string, Func<ModuleOptions, (ModelDescription, (string, Module)[])>> s_models = new()
    {
        ["gan"] = options => Of(
            new Sequential(new Linear(3, 5, options), new LeakyRelu(0.2), new Linear(5, 64, options), new Tanh()),
            net => GanFile.Describe(net, 3, s_size), "generator"),
        ["dcgan"] = options => Of(
            Dcgan.Generator(options, latent: 4, width: 2, side: 28), net => GanFile.Describe(net, 4, new(28, 28, 1)), "generator"),
        ["conditional"] = options => Of(
            ConditionalDcgan.NormalizedGenerator(options, 3, 4, width: 2), _ => ConditionalGanFile.Describe(new(28, 28, 1), 3, 4, 2, false),
            "generator"),
        ["concatenated"] = options => Of(
            ConditionalDcgan.ConcatenatedGenerator(options, 3, 4, width: 2),
            _ => ConditionalGanFile.Describe(new(28, 28, 1), 3, 4, 2, true), "generator"),
        ["residual"] = options => Of(
            new ResidualGenerator(options, Residual, layer => new SpectralNorm(layer, options.Random)),
            _ => ConditionalGanFile.Describe(Residual, isSpectral: true), "generator"),
        ["semi"] = options => Of(
            SemiSupervisedNetworks.Generator(options, latent: 3, pixels: 64, hidden: 4),
            _ => SemiSupervisedFile.Describe(s_size, 3, 4, "draw-1.generator."), "draw-1.generator"),
        ["aae"] = options => Of(
            new AutoencoderDecoder(64, 2, 3, 4, options), _ => AutoencoderFile.Describe(
                new AutoencoderOptions { Pixels = 64, Latent = 2, Classes = 3, Hidden = 4, Labels = LatentClasses.Inferred }, s_size),
            "decoder"),
        ["vae"] = options => Of(PlainVae(options, null), net => VaeFile.Describe(net, s_size), ""),
        ["vamp"] = options => Of(
            PlainVae(options, encoder => new VampPrior(encoder, 3, [64], options)), net => VaeFile.Describe(net, s_size), ""),
        ["two levels"] = options => Of(
            VampRecipe.Network(new float[64], options, encoder => new VampPrior(encoder, 3, [64], options), 2, 4),
            net => VaeFile.Describe(net, s_size, 4), ""),
        ["vqvae"] = VectorQuantized,
        ["pixelcnn"] = options => Of(
            new PixelCnn(Pixels, options), _ => PixelCnnFile.Describe(Pixels, false, s_size), ""),
        ["gated pixelcnn"] = options => Of(
            new GatedPixelCnn(Pixels, options), _ => PixelCnnFile.Describe(Pixels, true, s_size), ""),
        ["pixelrnn"] = options => Of(new PixelRnn(8, 8, 3, options, 1), PixelRnnFile.Describe, ""),
        ["made"] = options => Of(
            new Made(64, [9], options with { Random = new RandomStream(7) }, masks: 2, anyOrder: true),
            net => MadeFile.Describe(net, s_size, anyOrder: true, seed: 7), ""),
        ["flow"] = options => Of(Flow.Make(s_size, options), _ => FlowFile.Describe(Flow, s_size), ""),
        ["plane"] = options => Of(
            PlaneFlows.Make("couplings", 2, 4, new SplineBijector(Spline), options),
            _ => PlaneFlowFile.Describe("couplings", 2, 4, Spline), ""),
        ["diffusion"] = options => Of(new Unet(Diffusion.Network, options), _ => DiffusionFile.Describe(Diffusion, s_size), ""),
        ["ancestral"] = options => Of(
            new Unet(Diffusion.Network, options), _ => DiffusionFile.Describe(Diffusion with { IsAncestral = true }, s_size), ""),
        ["char-rnn"] = options => Of(
            new CharacterRnn(4, 5, options, 1, RecurrentCell.Gru), net => CharacterRnnFile.Describe(net, s_vocabulary), ""),
        ["transformer"] = options => Of(
            new Transformer(new TransformerOptions(4) { Block = 6, Layers = 1, Heads = 2, Width = 8 }, options),
            net => TransformerFile.Describe(net, s_vocabulary), ""),
        ["vae-text"] = options => Of(s_sequences.NewTextModel(4, 6, options), _ => TextVaeFile.Describe(
            s_sequences, new TextLines(new TextDataset("lines", string.Concat(Enumerable.Repeat("ab ab\n", 20))), 6)), ""),
        ["vae-series"] = options => Of(s_sequences.NewSeriesModel(5, options), _ => SeriesVaeFile.Describe(s_sequences, 5), ""),
        ["gan-1d"] = options => Of(new Sequential(new Linear(1, 3, options), new Tanh(), new Linear(3, 1, options)),
            ScalarGanFile.Describe, "generator"),
    };

    public static TheoryData<string> Models => [.. s_models.Keys];

    private static ResidualGanSize Residual => new() { Classes = 3, Side = 8, Width = 4, Chunk = 2, Embedding = 3 };

    private static PixelCnnSizes Pixels => new() { Classes = 3, Features = 4, Layers = 1, Head = 4, Positions = (8, 8) };

    private static ImageFlowSizes Flow => new("realnvp", 2, 4, 1, false);

    private static SplineShape Spline => new(4, 5) { MinimumWidth = 1e-4, MinimumHeight = 1e-4 };

    private static DiffusionChoices Diffusion => new()
    {
        Schedule = NoiseSchedule.Cosine(8).WithZeroTerminalSnr(), Prediction = Prediction.Velocity, SampleSteps = 3,
        Network = new UnetOptions { Width = 4, Groups = 2, Multipliers = [1, 2], TimeFeatures = 4, TimeWidth = 8, Classes = 3 },
    };

    [Theory, MemberData(nameof(Models))]
    public void A_model_is_made_again_and_draws(string name)
    {
        (ModelDescription description, (string Prefix, Module Part)[] parts) = s_models[name](ModuleOptions.FromSeed(1, Cpu));
        Save(description, parts);
        foreach ((_, Module part) in parts) part.Dispose();
        using Engine.Models.Files.TrainedModel model = ModelFile.Open(Folder.Path, Cpu),
            other = ModelFile.Open(Folder["weights.safetensors"], Cpu);
        Assert.Equal(description.Texts, model.Description.Texts);
        switch (model)
        {
            case ImageModel images:
                float[] drawn = images.Sample(3, new RandomStream(5));
                Assert.Equal(3 * images.Size.Length, drawn.Length);
                Assert.All(drawn, pixel => Assert.InRange(pixel, 0, 1));
                Assert.Equal(drawn, ((ImageModel)other).Sample(3, new RandomStream(5)));
                Assert.Equal(drawn, images.Sample(3, new RandomStream(5), images.Classes == 0 ? [] : [0, 1, 2]));
                if (!images.HasLatents) break;
                float[] between = images.Interpolate(2, 3, new RandomStream(5));
                Assert.Equal(6 * images.Size.Length, between.Length);
                Assert.All(between, pixel => Assert.InRange(pixel, 0, 1));
                break;
            case TextModel text:
                string written = text.Write("ab", 7, new TokenSampling(), new RandomStream(5));
                Assert.StartsWith("ab", written);
                Assert.Equal(9, written.Length);
                Assert.Equal(written, ((TextModel)other).Write("ab", 7, new TokenSampling(), new RandomStream(5)));
                Refusal.RefusedWith<DataException>("The character 'x'", () => text.Write("x", 1, new TokenSampling(), new RandomStream(5)));
                break;
            case LineModel lines:
                Assert.Equal(lines.Sample(3, new TokenSampling(), new RandomStream(5)),
                    ((LineModel)other).Sample(3, new TokenSampling(), new RandomStream(5)));
                Assert.Equal(4, lines.Interpolate(4, new RandomStream(5)).Length);
                break;
            case VectorModel vectors:
                float[] points = vectors.Sample(3, new RandomStream(5));
                Assert.Equal(3 * vectors.Dimensions, points.Length);
                Assert.Equal(points, ((VectorModel)other).Sample(3, new RandomStream(5)));
                break;
        }
    }

    [Fact]
    public void What_it_draws_is_what_its_networks_draw()
    {
        (ModelDescription description, (string, Module Part)[] parts) = s_models["dcgan"](ModuleOptions.FromSeed(1, Cpu));
        Save(description, parts);
        using ImageModel model = (ImageModel)ModelFile.Open(Folder.Path, Cpu);
        Module generator = parts[0].Part;
        generator.Eval();
        using Tape tape = new(Cpu);
        float[] expected = generator.Forward(Tensor.Normal([3, 4], new RandomStream(5))).ToArray();
        Assert.Equal(expected.Select(v => (v + 1) / 2), model.Sample(3, new RandomStream(5)));

        // The ends of an interpolation are samples.
        float[] row = model.Interpolate(1, 3, new RandomStream(5)), ends = model.Sample(2, new RandomStream(5));
        Assert.All(Enumerable.Range(0, 784), i => Assert.Equal(ends[i], row[i], 1e-6));
        Assert.All(Enumerable.Range(0, 784), i => Assert.Equal(ends[784 + i], row[1568 + i], 1e-6));
        Refusal.RefusedWith("This gan knows no classes: expected no labels, found 1.", () => model.Sample(1, new RandomStream(5), [1]));
    }

    [Fact]
    public void Labels_ask_for_classes()
    {
        (ModelDescription description, (string, Module)[] parts) = s_models["aae"](ModuleOptions.FromSeed(1, Cpu));
        Save(description, parts);
        using ImageModel model = (ImageModel)ModelFile.Open(Folder.Path, Cpu);
        float[] ofTwo = model.Sample(2, new RandomStream(5), [2, 2]), inTurn = model.Sample(2, new RandomStream(5));
        Assert.NotEqual(inTurn, ofTwo);
        Refusal.RefusedWith("Expected a label for each of 2 images, found 1.", () => model.Sample(2, new RandomStream(5), [1]));
        Refusal.RefusedWith("Expected classes from 0 to 2, found 3.", () => model.Sample(1, new RandomStream(5), [3]));
        Save(s_models["pixelcnn"](ModuleOptions.FromSeed(1, Cpu)));
        using ImageModel pixels = (ImageModel)ModelFile.Open(Folder.Path, Cpu);
        Refusal.RefusedWith<InvalidOperationException>(
            "A pixelcnn draws pixel by pixel or code by code", () => pixels.Interpolate(1, 2, new RandomStream(1)));
    }

    [Fact]
    public void A_file_that_does_not_say_what_it_is_is_refused()
    {
        string path = Folder["weights.safetensors"];
        using Sequential net = new(new Linear(3, 64, ModuleOptions.FromSeed(1, Cpu)));
        net.SaveSafetensors(path);
        Refused($"{path} does not say what its model is: expected the weights that a lesson of this version leaves, found a file without");
        Said(new ModelDescription("cat"));
        Refused($"{path}: 'engine.family': expected one of ");
        Said(new ModelDescription("gan", s_size));
        Refused($"{path}: expected a value 'engine.latent' of a gan, found none.");
        Said(new ModelDescription("gan").With("latent", 3).With("generator", "relu"));
        Refused($"{path}: expected a value 'engine.image' of a gan, found none.");
        Said(new ModelDescription("gan", s_size).With("latent", -3));
        Refused($"{path}: 'engine.latent': expected a whole number from 1 to 1000000, found '-3'.");
        Said(new ModelDescription("gan", s_size).With("latent", 3).With("generator", "linear inputs=3"));
        Refused($"{path}: no gan can be made of what the file says of it: 'engine.generator': Layer 0: linear: expected a value 'outputs'");
        Said(new ModelDescription("gan", s_size).With("latent", 3).With("generator", "linear inputs=3 outputs=7"));
        Refused($"{path}: tensor 'generator.0.");
        using Dropout own = new(0.5, ModuleOptions.FromSeed(1, Cpu));
        Said(GanFile.Describe(own, 3, s_size));
        Refused($"{path}: no gan can be made of what the file says of it: its generator was saved without a text to make it from. "
            + "The network is a Dropout, expected a Sequential.");
        Assert.Throws<CheckpointException>(() => ModelFile.Open(Folder["none"], Cpu));

        void Said(ModelDescription description) => Save(description, [("generator", net)]);

        void Refused(string message) => Refusal.RefusedWith<CheckpointException>(message, () => ModelFile.Open(path, Cpu));
    }

    private static (ModelDescription, (string, Module)[]) Of<T>(T network, Func<T, ModelDescription> describe, string prefix)
        where T : Module => (describe(network), [(prefix, network)]);

    private static Vae PlainVae(ModuleOptions options, Func<GaussianEncoder, LatentPrior>? prior)
    {
        GaussianEncoder encoder = new(new Sequential(new Linear(64, 5, options), new Relu()), 5, 2, options);
        return new Vae(encoder, new Sequential(new Linear(2, 64, options)), prior?.Invoke(encoder));
    }

    private static (ModelDescription, (string, Module)[]) VectorQuantized(ModuleOptions options)
    {
        VqVaeChoices choices = new()
        {
            AutoencoderEpochs = 1, Commitment = 0.25, LearningRate = 1e-3, PriorLearningRate = 1e-3, TestImages = 1,
            Samples = 1, Quantizer = new VectorQuantizerOptions { Codes = 5, Depth = 3 }, Width = 4, Blocks = 1, PriorFeatures = 4,
            PriorLayers = 1, Binarization = Binarization.None,
        };
        const int Grid = 8 / VqVaeNetworks.Stride;
        return (VqVaeFile.Describe(choices, s_size),
            [("vae", choices.NewModel(options)), ("prior", choices.NewPrior((Grid, Grid), options))]);
    }

    private void Save((ModelDescription Description, (string, Module)[] Parts) model) => Save(model.Description, model.Parts);

    private void Save(ModelDescription description, (string Prefix, Module Part)[] parts)
    {
        SafetensorsWriter writer = new();
        foreach ((string key, string text) in description.Texts) writer.AddText(key, text);
        foreach ((string prefix, Module part) in parts)
        {
            foreach ((string name, Tensor tensor) in part.NamedParameters().Select(named => (named.Name, (Tensor)named.Parameter))
                .Concat(part.NamedBuffers())) writer.Add(prefix.Length == 0 ? name : $"{prefix}.{name}", tensor);
        }

        writer.Save(Folder["weights.safetensors"]);
    }
}
