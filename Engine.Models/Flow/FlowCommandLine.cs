using System.CommandLine;
using Engine.Autograd.Nn;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Flow;

/// <summary>
/// The command-line options of a program that trains a flow of images, in addition to those that all training programs share.
/// </summary>
public sealed class FlowCommandLine
{
    private readonly Option<string> _model = ProgramOption.Choice("--model", "Which flow.", "realnvp", "nice", "glow", "checkerboards");
    private readonly Option<string> _dequantize = ProgramOption.Choice(
        "--dequantize", "The noise that makes grey levels continuous: uniform, or learned with the flow.", "uniform", "variational");
    private readonly Option<int?> _hidden =
        ProgramOption.OptionalInteger("--hidden", "Width of the networks; by default the model's own.", 1, 8192);
    private readonly Option<int?> _couplings = ProgramOption.OptionalInteger(
        "--couplings", "Couplings: of RealNVP at the first scale, with half as many at the second; or steps of Glow at each; by default "
        + "the model's own.", 1, 256);
    private readonly Option<int?> _layers = ProgramOption.OptionalInteger(
        "--layers", "Hidden layers, or residual blocks, of the networks; by default the model's own.", 1, 64);
    private readonly Option<double?> _rate = ProgramOption.OptionalDecimal(
        "--learning-rate", "The learning rate to begin with, from where it falls to a hundredth; by default the model's own.", 1e-9, 1);
    private readonly Option<int> _testImages =
        ProgramOption.Integer("--test-images", "How many test images to measure on at most.", 10_000, 2);
    private readonly Option<int> _testSamples =
        ProgramOption.Integer("--test-samples", "Draws of the noise for each test image at the end.", 1, 1, 10_000);

    /// <summary>
    /// The names of the options that only affect what is measured after training, for <see cref="ProgramInfo.FreeOptions"/>.
    /// </summary>
    public static IReadOnlyList<string> OfMeasuring { get; } = ["--test-images", "--test-samples"];

    /// <summary>All options, for <see cref="TrainingProgram"/>.</summary>
    public Option[] All => [_model, _dequantize, _hidden, _couplings, _layers, _rate, _testImages, _testSamples];

    /// <summary>
    /// Images in a batch for the model that a command line asks for: 16, because convolutions learn nearly as much from a step of them as
    /// from a larger one; 128 for NICE, whose products of 1000 by 1000 are read once a batch, and for the flow of the UvA tutorial, which
    /// has it so.
    /// </summary>
    /// <param name="args">The command line.</param>
    public static int BatchOf(IEnumerable<string> args)
    {
        string[] all = [.. args];
        return ProgramOption.IsGiven(all, "--model", "nice") || ProgramOption.IsGiven(all, "--model", "checkerboards") ? 128 : 16;
    }

    /// <summary>
    /// The learning rate to begin with: 0.001 for NICE and the flow of the UvA tutorial, 0.002 for the others in their smaller batches,
    /// unless the command line says otherwise.
    /// </summary>
    /// <param name="run">The run.</param>
    public double LearningRate(TrainingRun run) =>
        run.Option(_rate) is { } rate ? rate : run.Option(_model) is "nice" or "checkerboards" ? 1e-3 : 2e-3;

    /// <summary>Draws of the noise for each test image.</summary>
    /// <param name="run">The run.</param>
    public int TestSamples(TrainingRun run) => run.Option(_testSamples);

    /// <summary>How many test images are measured on, at most.</summary>
    /// <param name="run">The run.</param>
    public int TestImages(TrainingRun run) => run.Option(_testImages);

    /// <summary>The sizes of the model that the options ask for.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="DataException">Two options contradict each other.</exception>
    public ImageFlowSizes Sizes(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        string model = run.Option(_model)!;
        bool variational = run.Option(_dequantize) == "variational";
        if (model == "nice" && variational) throw new DataException(
            "--model nice is measured with uniform noise, as in its paper: expected --dequantize uniform, found variational.");
        if (model == "glow" && run.Option(_layers) is not null) throw new DataException(
            "--layers is none of --model glow's, whose networks have three: expected --hidden or --couplings, found --layers "
            + $"{run.Option(_layers)}.");
        (int couplings, int hidden, int layers) = model switch
        {
            "nice" => (4, 1000, 5),
            "glow" => (8, 96, 3),
            "checkerboards" => (8, 32, 3),
            _ => (8, 48, 2),
        };
        return new ImageFlowSizes(
            model, run.Option(_couplings) ?? couplings, run.Option(_hidden) ?? hidden, run.Option(_layers) ?? layers, variational);
    }
}

/// <summary>The sizes of a flow of square images.</summary>
/// <param name="Model">One of <see cref="Models"/>.</param>
/// <param name="Couplings">Couplings: of RealNVP at the first scale, with half as many at the second; or steps of Glow at each.</param>
/// <param name="Hidden">Width of the networks.</param>
/// <param name="Layers">Hidden layers, or residual blocks, of the networks; Glow's have three.</param>
/// <param name="IsVariational">Whether the noise that makes grey levels continuous is learned.</param>
public sealed record ImageFlowSizes(string Model, int Couplings, int Hidden, int Layers, bool IsVariational)
{
    /// <summary>The names of the flows.</summary>
    public static IReadOnlyList<string> Models { get; } = ["realnvp", "nice", "glow", "checkerboards"];

    /// <summary>Makes the flow.</summary>
    /// <param name="size">The size of an image, which is square.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public ImageFlow Make(ImageSize size, ModuleOptions options)
    {
        (int side, int channels) = (size.Height, size.Channels);
        return Model switch
        {
            "nice" => ImageFlows.Nice(side, Couplings, Hidden, Layers, options, channels),
            "glow" => ImageFlows.Glow(side, Couplings, Hidden, IsVariational, options, channels),
            "checkerboards" => ImageFlows.Checkerboards(side, Couplings, Hidden, Layers, IsVariational, options, channels),
            _ => ImageFlows.RealNvp(
                side, (Couplings, Math.Max(1, Couplings / 2)), (Hidden, Hidden), Layers, IsVariational, options, channels),
        };
    }
}
