using System.CommandLine;
using System.Globalization;
using Engine.Models.Training;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>The options that programs with a density of binary images share.</summary>
public sealed class PixelModelOptions
{
    private readonly Option<string> _binarize = ProgramOption.Choice(
        "--binarize", "How grey becomes 0 or 1: drawn for each use, drawn once, from the half on. auto: not at all where all is black or "
        + "white already, else dynamic.",
        "auto", "dynamic", "static", "threshold");
    private readonly Option<string> _side =
        ProgramOption.Choice("--side", "Rows and columns of an image: smaller ones are averages.", "28", "14", "7");
    private readonly Option<int> _images =
        ProgramOption.Integer("--images", "How many images of each split to take at most; 0 takes all.", 0);
    private readonly Option<int> _samples = ProgramOption.Integer("--samples", "Images that are drawn at the end.", 64, 1, 10_000);

    /// <summary>The names of those that decide only what is done after training, for <see cref="ProgramInfo.FreeOptions"/>.</summary>
    public static IReadOnlyList<string> OfMeasuring { get; } = ["--samples"];

    /// <summary>All of them.</summary>
    public Option[] All => [_binarize, _side, _images, _samples];

    /// <summary>Rows and columns of an image.</summary>
    public int Side(TrainingRun run) => int.Parse(Of(run).Option(_side)!, CultureInfo.InvariantCulture);

    /// <summary>How grey becomes 0 or 1.</summary>
    public string Binarization(TrainingRun run) => Of(run).Option(_binarize)!;

    /// <summary>How many images of each split to take at most; 0 for all.</summary>
    public int Images(TrainingRun run) => Of(run).Option(_images);

    /// <summary>How many images to draw.</summary>
    public int Samples(TrainingRun run) => Of(run).Option(_samples);

    private static TrainingRun Of(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run;
    }
}
