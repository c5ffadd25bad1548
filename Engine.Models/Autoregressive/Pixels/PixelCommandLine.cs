using System.CommandLine;
using Engine.Models.Training;
using Engine.Models.Variational;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>The images that a program trains a density of pixels on, as its command line chooses them.</summary>
/// <param name="Binarization">
/// How grey pixels become zeros and ones; null leaves pixels that already are, and redraws others for each use.
/// </param>
/// <param name="TestImages">How many images to test on, at most, and likewise to validate with.</param>
/// <param name="Samples">Images to sample at the end.</param>
public sealed record PixelChoices(Binarization? Binarization, int TestImages, int Samples);

/// <summary>The command-line options that programs with a density of pixels share.</summary>
/// <param name="samples">The default of <c>--samples</c>.</param>
public sealed class PixelCommandLine(int samples)
{
    private readonly Option<string> _binarize = ProgramOption.Choice(
        "--binarize", "How grey becomes 0 or 1: drawn for each use, drawn once, thresholded at one half. auto: not at all where all pixels "
        + "are black or white already, else dynamic.",
        "auto", "dynamic", "static", "threshold");

    private readonly Option<int> _testImages =
        ProgramOption.Integer("--test-images", "How many test images to measure on at most.", 10_000, 2);

    private readonly Option<int> _samples = ProgramOption.Integer("--samples", "Images to sample at the end.", samples, 1, 10_000);

    /// <summary>The names of the options that only decide what happens after training, for <see cref="ProgramInfo.FreeOptions"/>.</summary>
    public static IReadOnlyList<string> OfMeasuring { get; } = ["--test-images", "--samples"];

    /// <summary>All options.</summary>
    public Option[] All => [_binarize, _testImages, _samples];

    /// <summary>Reads the options of a run.</summary>
    /// <param name="run">The run.</param>
    public PixelChoices Read(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        string binarize = run.Option(_binarize)!;
        return new PixelChoices(
            binarize == "auto" ? null : Enum.Parse<Binarization>(binarize, ignoreCase: true),
            run.Option(_testImages), run.Option(_samples));
    }
}
