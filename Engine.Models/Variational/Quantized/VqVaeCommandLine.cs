using System.CommandLine;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Variational.Quantized;

/// <summary>
/// The command-line options of a program that trains a <see cref="VqVae"/> and its <see cref="CodePrior"/>, in addition to those that all
/// training programs share.
/// </summary>
public sealed class VqVaeCommandLine
{
    private readonly Option<int> _stage = ProgramOption.Integer(
        "--autoencoder-epochs", "The epochs that train encoder, codebook and decoder; those after them, up to --epochs, train the prior.",
        6, 0, 1_000_000);

    private readonly Option<int> _codes = ProgramOption.Integer("--codes", "Vectors of the codebook.", 64, 2, 65_536);
    private readonly Option<int> _depth = ProgramOption.Integer("--depth", "Elements of a vector.", 16, 1, 4096);
    private readonly Option<int> _width = ProgramOption.Integer("--width", "Features of encoder and decoder.", 64, 2, 4096);
    private readonly Option<int> _blocks = ProgramOption.Integer("--blocks", "Residual blocks of each of them.", 2, 0, 100);
    private readonly Option<string> _learning = ProgramOption.Choice(
        "--codebook", "How the codebook learns: by moving averages of the vectors that each code stands for, or by a loss of its own.",
        "averages", "loss");

    private readonly Option<double> _commitment =
        ProgramOption.Decimal("--commitment", "beta, the weight of the squared distance of the encoder's vectors from their codes.", 0.25);

    private readonly Option<double> _decay =
        ProgramOption.Decay("--decay", "With --codebook averages: the share of the averages that stays at each step.", 0.99);

    private readonly Option<double> _dead = ProgramOption.Decimal(
        "--dead-share", "With --codebook averages: a code that is used less than this share of what it would be if all were used alike "
        + "is set to a vector of the batch; 0 sets none.", 0.05, 0, 1);

    private readonly Option<double> _rate =
        ProgramOption.Decimal("--learning-rate", "The learning rate to begin with; it falls to a fiftieth.", 3e-3, 1e-9, 1);

    private readonly Option<int> _features = ProgramOption.Integer("--prior-features", "Features of a layer of the prior.", 32, 1, 4096);
    private readonly Option<int> _layers = ProgramOption.Integer("--prior-layers", "Gated layers of the prior.", 6, 1, 1000);
    private readonly Option<double> _priorRate =
        ProgramOption.Decimal("--prior-learning-rate", "The same for the prior.", 2e-3, 1e-9, 1);

    private readonly Option<string> _binarize = ProgramOption.Choice(
        "--binarize", "How grey becomes 0 or 1: drawn for each use, drawn once, thresholded at one half; none keeps 256 levels, with a "
        + "discretised logistic distribution for each pixel. auto: dynamic for grey images, none for colour.",
        "auto", "dynamic", "static", "threshold", "none");

    private readonly Option<int> _testImages =
        ProgramOption.Integer("--test-images", "How many test images to measure on at most.", 10_000, 1);

    private readonly Option<int> _samples =
        ProgramOption.Integer("--samples", "Images to sample at the end, of each kind.", 100, 1, 10_000);

    /// <summary>The names of the options that only decide what happens after training, for <see cref="ProgramInfo.FreeOptions"/>.</summary>
    public static IReadOnlyList<string> OfMeasuring { get; } = ["--test-images", "--samples"];

    /// <summary>All options, for <see cref="TrainingProgram"/>.</summary>
    public Option[] All =>
    [
        _stage, _codes, _depth, _width, _blocks, _learning, _commitment, _decay, _dead, _rate, _features, _layers, _priorRate, _binarize,
        _testImages, _samples,
    ];

    /// <summary>Reads the options of a run.</summary>
    /// <param name="run">The run.</param>
    public VqVaeChoices Read(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new VqVaeChoices
        {
            AutoencoderEpochs = run.Option(_stage),
            Quantizer = new VectorQuantizerOptions
            {
                Codes = run.Option(_codes), Depth = run.Option(_depth), Decay = run.Option(_decay), DeadShare = run.Option(_dead),
                Learning = run.Option(_learning) == "loss" ? CodebookLearning.Loss : CodebookLearning.Averages,
            },
            Width = run.Option(_width),
            Blocks = run.Option(_blocks),
            Commitment = run.Option(_commitment),
            LearningRate = run.Option(_rate),
            PriorFeatures = run.Option(_features),
            PriorLayers = run.Option(_layers),
            PriorLearningRate = run.Option(_priorRate),
            Binarization = run.Option(_binarize) is { } kind and not "auto" ? Enum.Parse<Binarization>(kind, ignoreCase: true)
                : Binarization.Dynamic,
            IsBinarizationOpen = run.Option(_binarize) == "auto",
            TestImages = run.Option(_testImages),
            Samples = run.Option(_samples),
        };
    }
}

/// <summary>The settings that the command line of a program that trains a <see cref="VqVae"/> chose.</summary>
public sealed record VqVaeChoices
{
    /// <summary>The epochs that train encoder, codebook and decoder; those that follow train the prior.</summary>
    public required int AutoencoderEpochs { get; init; }

    /// <summary>The codebook.</summary>
    public required VectorQuantizerOptions Quantizer { get; init; }

    /// <summary>Features of encoder and decoder.</summary>
    public required int Width { get; init; }

    /// <summary>Residual blocks of each of them.</summary>
    public required int Blocks { get; init; }

    /// <summary>beta, the weight of the commitment.</summary>
    public required double Commitment { get; init; }

    /// <summary>The learning rate to begin with.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Features of a layer of the prior.</summary>
    public required int PriorFeatures { get; init; }

    /// <summary>Layers of the prior.</summary>
    public required int PriorLayers { get; init; }

    /// <summary>The prior's learning rate to begin with.</summary>
    public required double PriorLearningRate { get; init; }

    /// <summary>How grey pixels become zeros and ones.</summary>
    public required Binarization Binarization { get; init; }

    /// <summary>Whether that was left to the network and the images.</summary>
    public bool IsBinarizationOpen { get; init; }

    /// <summary>How many test images are measured on, at most.</summary>
    public required int TestImages { get; init; }

    /// <summary>Images to sample at the end, of each kind.</summary>
    public required int Samples { get; init; }

    /// <summary>The same for images: those in colour keep their levels, unless something else was asked for.</summary>
    /// <param name="data">The images.</param>
    public VqVaeChoices For(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return IsBinarizationOpen && data.Channels > 1 ? this with { Binarization = Binarization.None } : this;
    }

    /// <summary>Creates the model.</summary>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="channels">Channels of an image: 1 grey, 3 RGB.</param>
    public VqVae NewModel(ModuleOptions options, int channels = 1)
    {
        PixelLikelihood likelihood = Binarization == Binarization.None ? PixelLikelihood.Logistic : PixelLikelihood.Bernoulli;
        int outputs = likelihood == PixelLikelihood.Logistic ? 2 * channels : channels;
        return new VqVae(
            VqVaeNetworks.Encoder(channels, Width, Blocks, Quantizer.Depth, options), new VectorQuantizer(Quantizer, options),
            VqVaeNetworks.Decoder(outputs, Width, Blocks, Quantizer.Depth, options), likelihood, Commitment);
    }

    /// <summary>Creates the prior of its codes.</summary>
    /// <param name="grid">Rows and columns of the codes of an image.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public CodePrior NewPrior((int Rows, int Columns) grid, ModuleOptions options) =>
        new(Quantizer.Codes, grid, PriorFeatures, PriorLayers, options);

    /// <summary>The learning rate of encoder and decoder at each of their steps: half a cosine, to a fiftieth.</summary>
    /// <param name="perEpoch">The steps of an epoch.</param>
    public LearningRateSchedule Rate(int perEpoch) => Falling(LearningRate, AutoencoderEpochs, perEpoch);

    /// <summary>The learning rate of the prior at each of its steps, likewise.</summary>
    /// <param name="epochs">The epochs of the whole run.</param>
    /// <param name="perEpoch">The steps of an epoch.</param>
    public LearningRateSchedule PriorRate(int epochs, int perEpoch) => Falling(PriorLearningRate, epochs - AutoencoderEpochs, perEpoch);

    private static LearningRateSchedule Falling(double rate, int epochs, int perEpoch) =>
        LearningRateSchedules.Cosine(rate, Math.Max(1, (long)epochs * perEpoch), rate / 50);
}
