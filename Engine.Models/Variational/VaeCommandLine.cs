using System.CommandLine;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Variational;

/// <summary>The command-line options of a program that trains a VAE, in addition to those that all training programs share.</summary>
public sealed class VaeCommandLine
{
    private readonly Option<bool> _conv = new("--conv") { Description = "Convolutional encoder and decoder, for images of 28 x 28." };
    private readonly Option<string> _recipe =
        ProgramOption.Choice("--recipe", "iwae: network and training of the paper on importance-weighted autoencoders.", "none", "iwae");
    private readonly Option<string> _loss =
        ProgramOption.Choice("--loss", "What compares image and reconstruction: binary cross-entropy, or the squared error.", "bce", "mse");
    private readonly Option<string> _binarize = ProgramOption.Choice(
        "--binarize", "How grey becomes 0 or 1: drawn for each use, drawn once, from the half on, not at all. auto: none for the small "
        + "network, dynamic for the others.",
        "auto", "none", "dynamic", "static", "threshold");
    private readonly Option<int> _latent = ProgramOption.Integer("--latent", "Dimensions of z; 0 takes the network's own.", 0, 0, 4096);
    private readonly Option<double> _beta =
        ProgramOption.Decimal("--beta", "The weight of the divergence: 1 for the evidence lower bound.", 1);
    private readonly Option<int> _warmUp =
        ProgramOption.Integer("--warm-up", "Epochs over which the weight of the divergence rises from 0.", 0, 0, 1_000_000);
    private readonly Option<int> _importance =
        ProgramOption.Integer("--importance", "k: train on the importance-weighted bound of so many samples.", 1, 1, 10_000);
    private readonly Option<int> _resample = ProgramOption.Integer(
        "--resample", "With --importance: samples that the gradient goes through, drawn by weight; 0 takes all.", 0, 0, 10_000);
    private readonly Option<int> _pace = ProgramOption.Integer(
        "--pace", "With --recipe iwae: how many times shorter each stage of the learning rate is.", 1, 1, IwaeRecipe.Epochs);
    private readonly Option<double> _learningRate = ProgramOption.Decimal(
        "--learning-rate", "Adam's learning rate at the beginning, from where it falls along half a cosine to a fiftieth; 0 takes the "
        + "network's own schedule.", 0);
    private readonly Option<int> _testSamples = ProgramOption.Integer(
        "--test-samples", "Importance samples for log p(x) of the test images at the end; 0 leaves it out.", 0, 0, 1_000_000);
    private readonly Option<int> _testImages =
        ProgramOption.Integer("--test-images", "How many test images to measure on at most.", 10_000, 2, int.MaxValue);
    private readonly Option<int> _anomaly = ProgramOption.Integer(
        "--anomaly", "A class to leave out of training and to find again among the test images; -1 for none.", -1, -1, 255);
    private readonly Option<bool> _probe = new("--probe") { Description = "Trains softmax regression on the latents at the end." };

    /// <summary>
    /// The names of the options that only affect what is measured after training, for <see cref="ProgramInfo.FreeOptions"/>.
    /// </summary>
    public static IReadOnlyList<string> OfMeasuring { get; } = ["--test-samples", "--test-images", "--probe"];

    /// <summary>All options, for <see cref="TrainingProgram"/>.</summary>
    public Option[] All => [_conv, _recipe, _loss, _binarize, _latent, _beta, _warmUp, _importance, _resample, _pace, _learningRate,
        _testSamples, _testImages, _anomaly, _probe];

    /// <summary>
    /// Whether a command line asks for the paper's training, whose epochs and batches are its own: known before options are read.
    /// </summary>
    /// <param name="args">The command line.</param>
    public static bool IsPaper(IEnumerable<string> args) => ProgramOption.IsGiven(args, "--recipe", "iwae");

    /// <summary>Reads the options of a run.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="DataException">Two options contradict each other, or one has no meaning beside the others.</exception>
    public VaeChoices Read(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        VaeNetwork network = run.Option(_recipe) == "iwae" ? VaeNetwork.Iwae : run.Option(_conv) ? VaeNetwork.Convolutional
            : VaeNetwork.FullyConnected;
        if (run.Option(_conv) && network == VaeNetwork.Iwae) throw new DataException(
            "--conv and --recipe iwae ask for different networks: expected one of them, found both.");
        if (run.Option(_resample) > 0 && run.Option(_importance) < 2)
            throw new DataException(
                $"--resample {run.Option(_resample)} draws among importance samples: it needs --importance of at least 2, found "
                + $"{run.Option(_importance)}.");
        if (run.Option(_pace) > 1 && network != VaeNetwork.Iwae)
            throw new DataException($"--pace {run.Option(_pace)} shortens the schedule of --recipe iwae, which was not asked for.");
        if (run.Option(_pace) > 1 && run.Option(_learningRate) > 0)
            throw new DataException(
                $"--pace {run.Option(_pace)} shortens the recipe's schedule, which --learning-rate {run.Option(_learningRate)} replaces: "
                + "expected one of them, found both.");
        int latent = run.Option(_latent);
        string binarize = run.Option(_binarize)!;
        VaeChoices choices = new()
        {
            Network = network,
            Latent = latent > 0 ? latent : network switch { VaeNetwork.Iwae => 50, VaeNetwork.Convolutional => 32, _ => 20 },
            Binarization = binarize != "auto" ? Enum.Parse<Binarization>(binarize, ignoreCase: true)
                : network == VaeNetwork.FullyConnected ? Binarization.None : Binarization.Dynamic,
            Objective = new VaeObjective
            {
                Reconstruction = run.Option(_loss) == "mse" ? Reconstruction.SquaredError : Reconstruction.Bernoulli,
                Beta = run.Option(_beta),
                Samples = run.Option(_importance),
                ImportanceWeighted = run.Option(_importance) > 1,
                Resampled = run.Option(_resample),
            },
            WarmUp = run.Option(_warmUp),
            Pace = run.Option(_pace),
            LearningRate = run.Option(_learningRate),
            TestSamples = run.Option(_testSamples),
            TestImages = run.Option(_testImages),
            Anomaly = run.Option(_anomaly) is var label and >= 0 ? label : null,
            Probe = run.Option(_probe),
        };
        if (choices.TestSamples > 0 && !choices.HasLikelihood)
        {
            throw new DataException(
                $"--test-samples {choices.TestSamples} measures log p(x) of binary pixels: expected --loss bce and --binarize dynamic, "
                + "static or threshold, "
                + $"found --loss {run.Option(_loss)} and --binarize {choices.Binarization.ToString().ToLowerInvariant()}.");
        }

        return choices;
    }
}

/// <summary>The settings that the command line of a program that trains a VAE chose; see <see cref="VaeCommandLine"/>.</summary>
public sealed record VaeChoices
{
    /// <summary>Which encoder and decoder.</summary>
    public required VaeNetwork Network { get; init; }

    /// <summary>Dimensions of z.</summary>
    public required int Latent { get; init; }

    /// <summary>How grey pixels become zeros and ones.</summary>
    public required Binarization Binarization { get; init; }

    /// <summary>What is minimised, after the warm-up.</summary>
    public required VaeObjective Objective { get; init; }

    /// <summary>Epochs over which the weight of the divergence rises from 0.</summary>
    public int WarmUp { get; init; }

    /// <summary>How many times faster than in the paper its learning rate falls.</summary>
    public int Pace { get; init; } = 1;

    /// <summary>The learning rate at the beginning of half a cosine; 0 for the network's own schedule.</summary>
    public double LearningRate { get; init; }

    /// <summary>Importance samples for the likelihood of test images; 0 for none.</summary>
    public int TestSamples { get; init; }

    /// <summary>How many test images are measured on, at most.</summary>
    public int TestImages { get; init; }

    /// <summary>The class that is held out of training; null for none.</summary>
    public int? Anomaly { get; init; }

    /// <summary>Whether softmax regression is trained on the latents.</summary>
    public bool Probe { get; init; }

    /// <summary>Whether log p(x) means something: pixels are 0 or 1, and the model gives their probabilities.</summary>
    public bool HasLikelihood => Binarization != Binarization.None && Objective.Reconstruction == Reconstruction.Bernoulli;

    /// <summary>The objective in the middle of training: the weight of the divergence rises linearly over the warm-up.</summary>
    /// <param name="epochs">Epochs gone, with the part of the current one.</param>
    public VaeObjective ObjectiveAt(double epochs) =>
        epochs >= WarmUp ? Objective : Objective with { Beta = Objective.Beta * epochs / WarmUp };
}

/// <summary>The networks that the lesson on VAEs knows.</summary>
public enum VaeNetwork
{
    /// <summary>Two hidden layers of 128 in encoder and decoder.</summary>
    FullyConnected,

    /// <summary>Strided convolutions and their transposes.</summary>
    Convolutional,

    /// <summary>The one-layer model of Burda, Grosse and Salakhutdinov (2016); see <see cref="IwaeRecipe"/>.</summary>
    Iwae,
}
