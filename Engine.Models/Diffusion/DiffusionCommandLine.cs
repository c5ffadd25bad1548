using System.CommandLine;
using System.Globalization;
using Engine.Kernels.Sampling;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Diffusion;

/// <summary>
/// The command-line options of a program that trains a diffusion model on digits, in addition to those that all training programs share.
/// </summary>
public sealed class DiffusionCommandLine
{
    private readonly Option<string> _predict =
        ProgramOption.Choice("--predict", "What the network predicts: the noise, the clean image, or the velocity.", "eps", "x0", "v");
    private readonly Option<string> _schedule = ProgramOption.Choice("--schedule", "How the noise grows.", "cosine", "linear");
    private readonly Option<bool> _zeroSnr = new("--zero-snr") {
        Description = "Moves the schedule so that nothing of an image is left after its last step; with --predict v or x0." };
    private readonly Option<int> _steps = ProgramOption.Integer("--noise-steps", "T, the steps from an image to noise.", 1000, 2, 100_000);
    private readonly Option<bool> _classes = new("--classes") {
        Description = "Conditions the network on the class of each image, and drops one label in ten, so that samples can be guided." };
    private readonly Option<double> _guidance = ProgramOption.Decimal(
        "--guidance", "With --classes: how far samples go towards their class. 0 not at all, 1 as trained, more for clearer ones.", 1,
        0, 100);
    private readonly Option<bool> _learned =
        new("--learned-variance") { Description = "Learns the variance of the reverse steps as well." };
    private readonly Option<int> _width = ProgramOption.Integer(
        "--width", "Channels of the first level of the U-Net; the others have two and four times as many.", 32, 1, 1024);
    private readonly Option<double> _rate = ProgramOption.Decimal(
        "--learning-rate", "The largest learning rate: it rises over the first epoch and then falls along a cosine.", 1e-3, 1e-8, 1);
    private readonly Option<string> _sampler =
        ProgramOption.Choice("--sampler", "How samples are made: implicitly, or step by random step.", "ddim", "ddpm");
    private readonly Option<int?> _sampleSteps = ProgramOption.OptionalInteger(
        "--sample-steps", "Steps that a sample takes; by default 50 of ddim, all of ddpm.", 1, 100_000);
    private readonly Option<double> _eta =
        ProgramOption.Decimal("--eta", "With ddim: the share of the noise that is redrawn, from 0 to 1.", 0, 0, 1);
    private readonly Option<int> _every = ProgramOption.Integer("--every", "Epochs from one sheet of samples to the next.", 5, 1);
    private readonly Option<int> _samples = ProgramOption.Integer("--samples", "Samples on a sheet.", 60, 2, 10_000);
    private readonly Option<int> _boundImages = ProgramOption.Integer(
        "--bound-images", "Test images that each step's term of the bound is averaged over at the end; 0 leaves the bound out.", 64, 0,
        100_000);
    private readonly Option<string?> _classifier = new("--classifier") {
        Description = "The file that classify.cs wrote: the classes of 10,000 samples are counted with it at the end." };

    /// <summary>The names of the options that do not affect training, for <see cref="ProgramInfo.FreeOptions"/>.</summary>
    public static IReadOnlyList<string> OfSampling { get; } =
        ["--guidance", "--sampler", "--sample-steps", "--eta", "--every", "--samples", "--bound-images", "--classifier"];

    /// <summary>All options, for <see cref="TrainingProgram"/>.</summary>
    public Option[] All =>
        [_predict, _schedule, _zeroSnr, _steps, _classes, _guidance, _learned, _width, _rate, _sampler, _sampleSteps, _eta, _every,
            _samples, _boundImages, _classifier];

    /// <summary>Reads the options of a run.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="DataException">Two options contradict each other.</exception>
    public DiffusionChoices Read(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        int steps = run.Option(_steps), width = run.Option(_width);
        bool isAncestral = run.Option(_sampler) == "ddpm", isLearned = run.Option(_learned);
        int sampleSteps = run.Option(_sampleSteps) is { } asked ? asked : isAncestral ? steps : Math.Min(50, steps);
        if (sampleSteps > steps) throw new DataException(
            $"--sample-steps must be at most --noise-steps, which is {steps}; found {sampleSteps}.");
        if (run.Option(_guidance) != 1 && !run.Option(_classes)) throw new DataException(
            $"--guidance {run.Option(_guidance)} guides towards a class: it needs --classes, which was not asked for.");
        if (run.Option(_eta) > 0 && isAncestral) throw new DataException(
            $"--eta {run.Option(_eta)} is one of --sampler ddim, found --sampler ddpm.");
        bool hasZeroSnr = run.Option(_zeroSnr);
        if (hasZeroSnr && run.Option(_predict) == "eps") throw new DataException(
            "--zero-snr leaves nothing of an image at the last step, where its noise says nothing of it: it needs --predict v or x0, found "
            + "--predict eps.");
        NoiseSchedule schedule = run.Option(_schedule) == "linear" ? NoiseSchedule.Linear(steps) : NoiseSchedule.Cosine(steps);
        return new DiffusionChoices
        {
            Prediction = run.Option(_predict) switch { "x0" => Prediction.Clean, "v" => Prediction.Velocity, _ => Prediction.Noise },
            Schedule = hasZeroSnr ? schedule.WithZeroTerminalSnr() : schedule,
            Variance = isLearned ? ReverseVariance.Learned : ReverseVariance.Posterior,
            Network = new UnetOptions {
                Width = width, Groups = UnetOptions.GroupsOf(width), TimeWidth = 4 * width, LearnsVariance = isLearned,
                Classes = run.Option(_classes) ? 10 : 0 },
            Guidance = run.Option(_guidance),
            IsAncestral = isAncestral,
            SampleSteps = sampleSteps,
            Eta = run.Option(_eta),
            LearningRate = run.Option(_rate),
            Every = run.Option(_every),
            Samples = run.Option(_samples),
            BoundImages = run.Option(_boundImages),
            Classifier = run.Option(_classifier),
        };
    }
}

/// <summary>
/// The settings that the command line of a program that trains a diffusion model chose; see <see cref="DiffusionCommandLine"/>.
/// </summary>
public sealed record DiffusionChoices
{
    /// <summary>What the network predicts.</summary>
    public Prediction Prediction { get; init; } = Prediction.Noise;

    /// <summary>The noise that each step adds.</summary>
    public required NoiseSchedule Schedule { get; init; }

    /// <summary>The variance of a reverse step.</summary>
    public ReverseVariance Variance { get; init; } = ReverseVariance.Posterior;

    /// <summary>The size of the network.</summary>
    public required UnetOptions Network { get; init; }

    /// <summary>How far samples go towards their class.</summary>
    public double Guidance { get; init; } = 1;

    /// <summary>Whether samples come by ancestral sampling; else by implicit sampling.</summary>
    public bool IsAncestral { get; init; }

    /// <summary>Steps that a sample takes.</summary>
    public required int SampleSteps { get; init; }

    /// <summary>The share of the noise that implicit sampling redraws.</summary>
    public double Eta { get; init; }

    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Epochs from one sheet of samples to the next.</summary>
    public int Every { get; init; } = 1;

    /// <summary>Samples on a sheet.</summary>
    public int Samples { get; init; } = 60;

    /// <summary>Images that each step's term of the bound is averaged over; 0 leaves the bound out.</summary>
    public int BoundImages { get; init; }

    /// <summary>The weights of a classifier that counts the classes of samples; null for none.</summary>
    public string? Classifier { get; init; }

    /// <summary>What to say of a schedule that leaves more of the signal at its end than can be passed over; null for no more.</summary>
    public string? SignalWarning => Schedule.LeavesSignal
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"The {Schedule.Name} schedule of {Schedule.Steps} steps leaves {Schedule.SignalLeft:0.0000} of an image at its end, more than "
            + $"{NoiseSchedule.NegligibleSignal}: training ends there, but samples begin in pure noise. --zero-snr leaves none.")
        : null;

    /// <summary>Whether the network is conditioned on classes.</summary>
    public bool IsConditional => Network.Classes > 0;

    /// <summary>The same with a network for images as they are: their channels and, with classes, as many as they have.</summary>
    /// <param name="data">The images.</param>
    /// <exception cref="DataException">Classes were asked for, and the images carry none.</exception>
    public DiffusionChoices For(ImageDataset data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (IsConditional && !data.IsLabelled) throw new DataException($"--classes needs images with labels, {data.Name} has none.");
        return this with { Network = Network with { Channels = data.Channels, Classes = IsConditional ? data.Classes : 0 } };
    }

    /// <summary>The sampler that was asked for.</summary>
    /// <param name="model">The model.</param>
    public DiffusionSampler Sampler(DenoisingDiffusion model) => IsAncestral
        ? new DdpmSampler(model, SampleSteps) { Guidance = Guidance }
        : new DdimSampler(model, SampleSteps, Eta) { Guidance = Guidance };
}
