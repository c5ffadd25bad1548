using System.CommandLine;
using System.Globalization;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Variational;

/// <summary>The command-line options of a program that trains a VAE, in addition to those that all training programs share.</summary>
public sealed class VaeCommandLine
{
    private readonly Option<bool> _conv = new("--conv") {
        Description = "Convolutional encoder and decoder, for square images whose sides are multiples of 4." };
    private readonly Option<string> _recipe =
        ProgramOption.Choice("--recipe", "iwae: network and training of the paper on importance-weighted autoencoders.", "none", "iwae");
    private readonly Option<string> _levels = ProgramOption.Choice(
        "--levels", "Levels of latents: 2 takes the gated two-level network of the paper on the VampPrior.", "1", "2");
    private readonly Option<string> _prior = ProgramOption.Choice(
        "--prior", "The prior of the latents: normal, N(0, 1); vamp, a mixture of what the encoder makes of learned pseudo-inputs.",
        "normal", "vamp");
    private readonly Option<int> _pseudoInputs =
        ProgramOption.Integer("--pseudo-inputs", "With --prior vamp: how many pseudo-inputs.", 500, 1, 100_000);
    private readonly Option<int> _hidden =
        ProgramOption.Integer("--hidden", "With --levels 2: units of a layer.", VampRecipe.Hidden, 1, 8192);
    private readonly Option<string> _loss =
        ProgramOption.Choice("--loss", "What compares image and reconstruction: binary cross-entropy, or the squared error.", "bce", "mse");
    private readonly Option<string> _binarize = ProgramOption.Choice(
        "--binarize", "How grey becomes 0 or 1: drawn for each use, drawn once, from the half on, not at all. auto: none for the small "
        + "network and for colour, dynamic for others.",
        "auto", "none", "dynamic", "static", "threshold");
    private readonly Option<int?> _latent =
        ProgramOption.OptionalInteger("--latent", "Dimensions of z; by default the network's own.", 1, 4096);
    private readonly Option<double> _beta =
        ProgramOption.Decimal("--beta", "The weight of the divergence: 1 for the evidence lower bound.", 1);
    private readonly Option<double> _correlation = ProgramOption.Decimal(
        "--tc", "The weight of the total correlation among the parts of the divergence (beta-TC-VAE); with 1 it is the bound itself.", 1);
    private readonly Option<int> _warmUp =
        ProgramOption.Integer("--warm-up", "Epochs over which the weight of the divergence rises from 0.", 0, 0, 1_000_000);
    private readonly Option<int> _importance =
        ProgramOption.Integer("--importance", "k: train on the importance-weighted bound of so many samples.", 1, 1, 10_000);
    private readonly Option<int?> _resample = ProgramOption.OptionalInteger(
        "--resample", "With --importance: samples that the gradient goes through, drawn by weight; by default all.", 1, 10_000);
    private readonly Option<int> _pace = ProgramOption.Integer(
        "--pace", "With --recipe iwae: how many times shorter each stage of the learning rate is.", 1, 1, IwaeRecipe.Epochs);
    private readonly Option<double?> _learningRate = ProgramOption.OptionalDecimal(
        "--learning-rate", "Adam's learning rate at the beginning, from where it falls along half a cosine to a fiftieth; by default the "
        + "network's own schedule.", 1e-9);
    private readonly Option<int> _testSamples = ProgramOption.Integer(
        "--test-samples", "Importance samples for log p(x) of the test images at the end; 0 leaves it out.", 0, 0, 1_000_000);
    private readonly Option<int> _testImages =
        ProgramOption.Integer("--test-images", "How many test images to measure on at most.", 10_000, 2, int.MaxValue);
    private readonly Option<int?> _anomaly = ProgramOption.OptionalInteger(
        "--anomaly", "A class to leave out of training and to find again among the test images; by default none.", 0, 255);
    private readonly Option<bool> _probe = new("--probe") { Description = "Trains softmax regression on the latents at the end." };

    /// <summary>
    /// The names of the options that only affect what is measured after training, for <see cref="ProgramInfo.FreeOptions"/>.
    /// </summary>
    public static IReadOnlyList<string> OfMeasuring { get; } = ["--test-samples", "--test-images", "--probe"];

    /// <summary>All options, for <see cref="TrainingProgram"/>.</summary>
    public Option[] All => [_conv, _recipe, _levels, _hidden, _prior, _pseudoInputs, _loss, _binarize, _latent, _beta, _correlation,
        _warmUp, _importance, _resample, _pace, _learningRate, _testSamples, _testImages, _anomaly, _probe];

    /// <summary>
    /// The defaults of epochs and batch, which are those of the network that a command line asks for: known before options are read.
    /// </summary>
    /// <param name="args">The command line.</param>
    public static (int Epochs, int Batch) Lengths(IEnumerable<string> args)
    {
        string[] all = [.. args];
        return ProgramOption.IsGiven(all, "--recipe", "iwae") ? (IwaeRecipe.Epochs, IwaeRecipe.Batch)
            : ProgramOption.IsGiven(all, "--levels", "2") ? (VampRecipe.Epochs, VampRecipe.Batch) : (50, 100);
    }

    /// <summary>Reads the options of a run.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="DataException">Two options contradict each other, or one has no meaning beside the others.</exception>
    public VaeChoices Read(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        VaeNetwork network = Network(run);
        bool isLearned = run.Option(_prior) == "vamp";
        if (run.Option(_correlation) != 1 && (network == VaeNetwork.Hierarchical || isLearned || run.Option(_importance) > 1))
            throw new DataException(
                $"--tc {Text(run.Option(_correlation))} weighs a part of the divergence that only the evidence lower bound of one level of "
                + $"latents with a normal prior has: found --levels {run.Option(_levels)}, --prior {run.Option(_prior)} and "
                + $"--importance {run.Option(_importance)}.");
        if (run.Option(_resample) is not null && run.Option(_importance) < 2)
            throw new DataException(
                $"--resample {run.Option(_resample)} draws among importance samples: it needs --importance of at least 2, found "
                + $"{run.Option(_importance)}.");
        if (run.Option(_pace) > 1 && network != VaeNetwork.Iwae)
            throw new DataException($"--pace {run.Option(_pace)} shortens the schedule of --recipe iwae, which was not asked for.");
        if (run.Option(_pace) > 1 && run.Option(_learningRate) is not null)
            throw new DataException(
                $"--pace {run.Option(_pace)} shortens the recipe's schedule, which --learning-rate {run.Option(_learningRate)} replaces: "
                + "expected one of them, found both.");
        string binarize = run.Option(_binarize)!;
        VaeChoices choices = new()
        {
            Network = network,
            Hidden = run.Option(_hidden),
            PseudoInputs = isLearned ? run.Option(_pseudoInputs) : 0,
            Latent = run.Option(_latent) ?? network switch
            {
                VaeNetwork.Iwae => 50, VaeNetwork.Convolutional => 32, VaeNetwork.Hierarchical => VampRecipe.Latent, _ => 20,
            },
            Binarization = binarize != "auto" ? Enum.Parse<Binarization>(binarize, ignoreCase: true)
                : network == VaeNetwork.FullyConnected ? Binarization.None : Binarization.Dynamic,
            IsBinarizationOpen = binarize == "auto",
            Objective = new VaeObjective
            {
                Reconstruction = run.Option(_loss) == "mse" ? Reconstruction.SquaredError : Reconstruction.Bernoulli,
                Beta = run.Option(_beta),
                Samples = run.Option(_importance),
                ImportanceWeighted = run.Option(_importance) > 1,
                Resampled = run.Option(_resample) ?? 0,
            },
            TotalCorrelation = run.Option(_correlation),
            WarmUp = run.Option(_warmUp),
            Pace = run.Option(_pace),
            LearningRate = run.Option(_learningRate) ?? 0,
            TestSamples = run.Option(_testSamples),
            TestImages = run.Option(_testImages),
            Anomaly = run.Option(_anomaly),
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

    private VaeNetwork Network(TrainingRun run)
    {
        (VaeNetwork Network, string Option, bool IsGiven)[] all =
        [
            (VaeNetwork.Convolutional, "--conv", run.Option(_conv)),
            (VaeNetwork.Iwae, "--recipe iwae", run.Option(_recipe) == "iwae"),
            (VaeNetwork.Hierarchical, "--levels 2", run.Option(_levels) == "2"),
        ];
        (VaeNetwork Network, string Option, bool IsGiven)[] asked = [.. all.Where(one => one.IsGiven)];
        return asked.Length switch
        {
            0 => VaeNetwork.FullyConnected,
            1 => asked[0].Network,
            _ => throw new DataException(
                $"{asked[0].Option} and {asked[1].Option} ask for different networks: expected one of them, found both."),
        };
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The settings that the command line of a program that trains a VAE chose; see <see cref="VaeCommandLine"/>.</summary>
public sealed record VaeChoices
{
    /// <summary>Which encoder and decoder.</summary>
    public required VaeNetwork Network { get; init; }

    /// <summary>Dimensions of z; of each level of it.</summary>
    public required int Latent { get; init; }

    /// <summary>Units of a layer of the two-level network.</summary>
    public int Hidden { get; init; } = VampRecipe.Hidden;

    /// <summary>Pseudo-inputs of a <see cref="VampPrior"/>; 0 for a standard normal prior.</summary>
    public int PseudoInputs { get; init; }

    /// <summary>How grey pixels become zeros and ones.</summary>
    public required Binarization Binarization { get; init; }

    /// <summary>Whether that was left to the network and the images.</summary>
    public bool IsBinarizationOpen { get; init; }

    /// <summary>What is minimised, after the warm-up.</summary>
    public required VaeObjective Objective { get; init; }

    /// <summary>The weight of the total correlation; 1 leaves the objective as it is.</summary>
    public double TotalCorrelation { get; init; } = 1;

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

    /// <summary>The same for images: those in colour keep their levels, unless something else was asked for.</summary>
    /// <param name="data">The images.</param>
    public VaeChoices For(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return IsBinarizationOpen && data.Channels > 1 ? this with { Binarization = Binarization.None } : this;
    }

    /// <summary>The same for a training on so many images, which the weights of the parts of the divergence depend on.</summary>
    /// <param name="images">Images of the training data.</param>
    public VaeChoices ForImages(int images) => TotalCorrelation == 1 ? this
        : this with { Objective = Objective with { Weights = new DivergenceWeights(images) { TotalCorrelation = TotalCorrelation } } };

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

    /// <summary>Two levels of latents, by gated layers (Tomczak and Welling 2018); see <see cref="VampRecipe"/>.</summary>
    Hierarchical,
}
