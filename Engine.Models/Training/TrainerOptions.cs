using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Training;

/// <summary>
/// How a <see cref="Trainer"/> trains. In a training program the command line decides all of it:
/// <see cref="TrainingRun.Trainer(Engine.Autograd.Checkpoints.IStateful)"/>.
/// </summary>
public sealed record TrainerOptions
{
    /// <summary>What is trained, for the report and for checkpoints: one that was saved under another name is refused.</summary>
    public required string Name { get; init; }

    /// <summary>What the training does, in a sentence or two, for the report.</summary>
    public string Description { get; init; } = "";

    /// <summary>
    /// The Markdown page that explains the training: the report links to it and has its first heading as title. Null for none.
    /// </summary>
    public string? Page { get; init; }

    /// <summary>The command line that is run, for the report; empty where it is not known.</summary>
    public string Command { get; init; } = "";

    /// <summary>The number of epochs.</summary>
    public required int Epochs { get; init; }

    /// <summary>Where checkpoint, report, curves and pictures go.</summary>
    public required OutputFolder Output { get; init; }

    /// <summary>
    /// Whether event files for TensorBoard are written, into the folder <c>tensorboard</c> in <see cref="Output"/>: losses and what is
    /// observed by steps, the means and metrics of epochs, results, PNG pictures and texts that are saved in <see cref="Output"/>.
    /// </summary>
    public bool TensorBoard { get; init; }

    /// <summary>Whether to resume from a checkpoint.</summary>
    public bool Resume { get; init; }

    /// <summary>The checkpoint to resume from, a file or a folder; null takes the one in <see cref="Output"/>.</summary>
    public string? ResumeFrom { get; init; }

    /// <summary>
    /// How long a stretch of an epoch may take before a checkpoint is written in the middle of it; zero writes one after every step.
    /// </summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether the checkpoint before the last one is kept beside it.</summary>
    public bool KeepPrevious { get; init; }

    /// <summary>
    /// Measures on data that training does not see, after each epoch: names and values, which are recorded as by
    /// <see cref="Trainer.Record"/>. Null measures nothing; a program may as well record in its loop.
    /// </summary>
    public Func<IReadOnlyDictionary<string, double>>? Validate { get; init; }

    /// <summary>
    /// The name of the metric, or of the loss, that says which epochs are the better ones. It need not be measured after every epoch; where
    /// it is NaN or infinite, training stops with an error. Null compares no epochs.
    /// </summary>
    public string? Monitor { get; init; }

    /// <summary>Whether an epoch is the better the higher <see cref="Monitor"/> is, such as an accuracy; else the lower.</summary>
    public bool HigherIsBetter { get; init; }

    /// <summary>
    /// For how many epochs <see cref="Monitor"/> may stay without an improvement before training ends, at least 1 (Prechelt 1998, Early
    /// Stopping - But When?). Null trains all epochs.
    /// </summary>
    public int? Patience { get; init; }

    /// <summary>By how much <see cref="Monitor"/> must be better for <see cref="Patience"/> to count it as an improvement.</summary>
    public double MinDelta { get; init; }

    /// <summary>
    /// Whether the state of the epoch in which <see cref="Monitor"/> was best is kept, in <see cref="Trainer.BestCheckpointPath"/>, and the
    /// model put back into it when all epochs are done. The checkpoint that training resumes from stays that of the last epoch.
    /// </summary>
    public bool KeepBest { get; init; }

    /// <summary>
    /// What must be the same for training to resume from a checkpoint, such as the batch size and the seed: names and values.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Names that decide nothing about training: this run may resume from a checkpoint whatever it says of them.</summary>
    public IReadOnlySet<string> FreeSettings { get; init; } = new HashSet<string>();

    /// <summary>Names of <see cref="Settings"/> that have their default: a checkpoint that does not know them agrees.</summary>
    public IReadOnlySet<string> DefaultSettings { get; init; } = new HashSet<string>();

    /// <summary>What else the report says about the run: names and values.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>A random stream that belongs to no model but to the training loop; null when there is none.</summary>
    public RandomStream? Random { get; init; }

    /// <summary>Asks to stop after the current step, with a checkpoint.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Whether one step is done to see how much memory it takes: see <see cref="MemoryForecast"/>.</summary>
    internal bool IsForecast { get; init; }

    /// <summary>Losses, speed and time left; null makes one.</summary>
    internal TrainingProgress? Progress { get; init; }

    /// <summary>The clock.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
