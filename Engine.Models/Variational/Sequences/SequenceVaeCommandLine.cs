using System.CommandLine;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Variational.Sequences;

/// <summary>
/// The command-line options of a program that trains a <see cref="SequenceVae"/>, in addition to those that all training programs share.
/// </summary>
public sealed class SequenceVaeCommandLine
{
    private readonly Option<string> _network = ProgramOption.Choice(
        "--network", "What encoder and decoder are made of.", "gru", "lstm", "transformer");
    private readonly Option<int> _hidden, _latent, _layers, _warmUp;
    private readonly Option<int> _heads =
        ProgramOption.Integer("--heads", "With --network transformer: heads of each attention.", 4, 1, 1024);
    private readonly Option<double> _freeNats, _leftOut, _rate;
    private readonly Option<string> _baseline = ProgramOption.Choice(
        "--baseline", "Whether the same decoder without a latent is trained beside the model, to be compared with it.", "yes", "no");
    private readonly Option<int> _testSamples = ProgramOption.Integer(
        "--test-samples", "Importance samples for log p(x) of validation data at the end; 0 leaves it out.", 100, 0, 100_000);

    /// <summary>Options with the defaults of a program.</summary>
    /// <param name="defaults">The defaults.</param>
    public SequenceVaeCommandLine(SequenceVaeDefaults defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        _hidden = ProgramOption.Integer("--hidden", "Features of a state, or of a position.", defaults.Hidden, 1, 8192);
        _latent = ProgramOption.Integer("--latent", "Dimensions of z.", defaults.Latent, 1, 4096);
        _layers = ProgramOption.Integer("--layers", "Layers of the encoder, and of the decoder.", defaults.Layers, 1, 100);
        _warmUp = ProgramOption.Integer(
            "--warm-up", "Epochs over which the weight of the divergence rises from 0.", defaults.WarmUp, 0, 1_000_000);
        _freeNats = ProgramOption.Decimal("--free-nats", "Nats that the divergence has for free (free bits).", defaults.FreeNats);
        _leftOut = ProgramOption.Decay(
            "--word-dropout", "The share of what the decoder reads that is left out while training.", defaults.LeftOut);
        _rate = ProgramOption.Decimal(
            "--learning-rate", "The learning rate to begin with; it falls to a fiftieth.", defaults.LearningRate, 1e-9, 1);
    }

    /// <summary>The names of the options that only affect what is measured after training.</summary>
    public static IReadOnlyList<string> OfMeasuring { get; } = ["--test-samples"];

    /// <summary>All options.</summary>
    public Option[] All => [_network, _hidden, _latent, _layers, _heads, _warmUp, _freeNats, _leftOut, _rate, _baseline, _testSamples];

    /// <summary>Reads the options of a run.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="DataException">The heads do not divide the features.</exception>
    public SequenceVaeChoices Read(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        (string network, int hidden, int heads) = (run.Option(_network)!, run.Option(_hidden), run.Option(_heads));
        if (network == "transformer" && hidden % heads != 0) throw new DataException(
            $"--hidden must be a multiple of --heads {heads}, was {hidden}.");
        return new SequenceVaeChoices
        {
            Network = network,
            Hidden = hidden,
            Latent = run.Option(_latent),
            Layers = run.Option(_layers),
            Heads = heads,
            WarmUp = run.Option(_warmUp),
            FreeNats = run.Option(_freeNats),
            LeftOut = run.Option(_leftOut),
            LearningRate = run.Option(_rate),
            HasBaseline = run.Option(_baseline) == "yes",
            TestSamples = run.Option(_testSamples),
        };
    }
}

/// <summary>The defaults of the options of <see cref="SequenceVaeCommandLine"/>, each under the option's meaning.</summary>
public sealed record SequenceVaeDefaults
{
    /// <summary>Features of a state.</summary>
    public int Hidden { get; init; } = 128;

    /// <summary>Dimensions of z.</summary>
    public int Latent { get; init; } = 16;

    /// <summary>Layers.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Epochs of warm-up.</summary>
    public int WarmUp { get; init; } = 2;

    /// <summary>Nats of the divergence that are free.</summary>
    public double FreeNats { get; init; } = 8;

    /// <summary>The share of inputs that is left out.</summary>
    public double LeftOut { get; init; }

    /// <summary>The learning rate to begin with.</summary>
    public double LearningRate { get; init; } = 2e-3;
}

/// <summary>The settings that the command line of a program that trains a <see cref="SequenceVae"/> chose.</summary>
public sealed record SequenceVaeChoices
{
    /// <summary>What encoder and decoder are made of: gru, lstm or transformer.</summary>
    public required string Network { get; init; }

    /// <summary>Features of a state, or of a position.</summary>
    public required int Hidden { get; init; }

    /// <summary>Features of an element that was read: half of those of a state.</summary>
    public int Width => (Hidden + 1) / 2;

    /// <summary>Dimensions of z.</summary>
    public required int Latent { get; init; }

    /// <summary>Layers of each of the two.</summary>
    public required int Layers { get; init; }

    /// <summary>Heads of each attention.</summary>
    public required int Heads { get; init; }

    /// <summary>Epochs over which the weight of the divergence rises from 0.</summary>
    public int WarmUp { get; init; }

    /// <summary>Nats of the divergence that are free.</summary>
    public double FreeNats { get; init; }

    /// <summary>The share of what the decoder reads that is left out.</summary>
    public double LeftOut { get; init; }

    /// <summary>The learning rate to begin with.</summary>
    public double LearningRate { get; init; }

    /// <summary>Whether the same decoder without a latent is trained too.</summary>
    public bool HasBaseline { get; init; }

    /// <summary>Importance samples for the likelihood of validation data; 0 for none.</summary>
    public int TestSamples { get; init; }

    /// <summary>The objective in the middle of training.</summary>
    /// <param name="epochs">Epochs gone, with the part of the current one.</param>
    public SequenceObjective ObjectiveAt(double epochs) =>
        new() { Beta = epochs < WarmUp ? epochs / WarmUp : 1, FreeNats = FreeNats };

    /// <summary>The learning rate of each step.</summary>
    /// <param name="steps">Steps of the whole training; at least 1.</param>
    public LearningRateSchedule Rate(long steps) => LearningRateSchedules.Cosine(LearningRate, steps, LearningRate / 50);

    /// <summary>A network.</summary>
    /// <param name="inputs">Features of a step.</param>
    /// <param name="latent">Dimensions of z that it takes; 0 for none.</param>
    /// <param name="longest">The most steps of a sequence.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public CausalNetwork NewNetwork(int inputs, int latent, int longest, ModuleOptions options) => Network == "transformer"
        ? new TransformerNetwork(
            inputs, new TransformerOptions(1) { Block = longest, Layers = Layers, Heads = Heads, Width = Hidden }, latent, options)
        : new RecurrentNetwork(Network == "lstm" ? RecurrentCell.Lstm : RecurrentCell.Gru, inputs, Hidden, latent, options, Layers);

    /// <summary>An autoencoder of lines of text.</summary>
    /// <param name="characters">How many characters there are.</param>
    /// <param name="longest">The most characters of a line.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public SequenceVae NewTextModel(int characters, int longest, ModuleOptions options) =>
        new(NewNetwork(Width, 0, longest + 1, options), NewTextDecoder(characters, longest, Latent, options), options);

    /// <summary>A decoder of lines of text.</summary>
    /// <param name="characters">How many characters there are.</param>
    /// <param name="longest">The most characters of a line.</param>
    /// <param name="latent">Dimensions of z; 0 for none.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public SequenceModel NewTextDecoder(int characters, int longest, int latent, ModuleOptions options)
    {
        // What can be read are the characters, the end of a line and what is left out; what can be guessed are all but the last.
        TokenElements elements = new(characters + 2, characters + 1, Width, Hidden, options);
        return new SequenceModel(elements, NewNetwork(Width, latent, longest + 1, options));
    }

    /// <summary>An autoencoder of stretches of a series.</summary>
    /// <param name="steps">Steps of a stretch.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public SequenceVae NewSeriesModel(int steps, ModuleOptions options) =>
        new(NewNetwork(Width, 0, steps, options), NewSeriesDecoder(steps, Latent, options), options);

    /// <summary>A decoder of stretches of a series.</summary>
    /// <param name="steps">Steps of a stretch.</param>
    /// <param name="latent">Dimensions of z; 0 for none.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public SequenceModel NewSeriesDecoder(int steps, int latent, ModuleOptions options) =>
        new(new ValueElements(Width, Hidden, options), NewNetwork(Width, latent, steps, options));
}
