namespace Engine.Models.Training;

/// <summary>The name, the description and the defaults of a training program.</summary>
/// <param name="Name">The name, for messages and the output folder.</param>
/// <param name="Description">One or two sentences for <c>--help</c>.</param>
/// <param name="Epochs">The default of <c>--epochs</c>.</param>
/// <param name="Batch">The default of <c>--batch</c>.</param>
/// <param name="Data">The default of <c>--data</c>; null for a program that makes its data itself and has no such option.</param>
public sealed record ProgramInfo(string Name, string Description, int Epochs, int Batch, string? Data = "digits")
{
    /// <summary>How many of the drawn images one epoch has, where <c>--data digits</c> or <c>shapes</c> is taken.</summary>
    public int Digits { get; init; } = 12_000;

    /// <summary>The default of <c>--images</c>, how many of the images are trained on; null for all.</summary>
    public int? Images { get; init; }

    /// <summary>How many characters the generated text has, where <c>--data sentences</c> is taken.</summary>
    public int Characters { get; init; } = Engine.Models.Data.Sentences.Length;

    /// <summary>Whether <c>--data</c> names a text instead of images.</summary>
    public bool IsText { get; init; }

    /// <summary>What an epoch is called in <c>--help</c>.</summary>
    public string EpochsHelp { get; init; } = "Passes over the data.";

    /// <summary>What a batch is called in <c>--help</c>.</summary>
    public string BatchHelp { get; init; } = "Samples in a batch.";

    /// <summary>
    /// The names of those of the program's own options that decide nothing about the training, such as what is measured at its end: they
    /// may differ when training resumes from a checkpoint.
    /// </summary>
    public IReadOnlyList<string> FreeOptions { get; init; } = [];

    /// <summary>
    /// Whether the program calls <see cref="TrainingRun.LoadWeights(Engine.Autograd.Nn.Module, string)"/>: it then has <c>--from</c>, and
    /// with it <c>--epochs 0</c> to measure weights without training.
    /// </summary>
    public bool TakesWeights { get; init; }

    /// <summary>The largest <c>--batch</c> that the program can take.</summary>
    public int MaxBatch { get; init; } = 1_000_000;

    /// <summary>
    /// The metric that the program records on validation data, by which epochs can be compared: it then has <c>--patience</c>,
    /// <c>--min-delta</c> and <c>--keep-best</c>. Null for none.
    /// </summary>
    public string? Monitor { get; init; }

    /// <summary>Whether an epoch is the better the higher <see cref="Monitor"/> is; else the lower.</summary>
    public bool HigherIsBetter { get; init; }
}
