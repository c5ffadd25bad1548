using System.CommandLine;
using Engine.Autograd.Nn;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// The command-line options of a program that trains a <see cref="PixelRnn"/>, in addition to those that all training programs share.
/// </summary>
public sealed class PixelRnnCommandLine
{
    private readonly bool _isLarge;
    private readonly Option<string> _recipe = ProgramOption.Choice(
        "--recipe", "small: minutes. large: layers and features for the published likelihood, in hours.", "small", "large");
    private readonly Option<int> _hidden, _layers;
    private readonly Option<double> _rate =
        ProgramOption.Decimal("--learning-rate", "The learning rate to begin with; it falls to a fiftieth.", 1e-3, 1e-9, 1);
    private readonly PixelCommandLine _images = new(samples: 64);

    /// <summary>Options whose defaults are those of a recipe.</summary>
    /// <param name="args">The command line, which names the recipe that the defaults of the options depend on.</param>
    public PixelRnnCommandLine(IEnumerable<string> args)
    {
        _isLarge = ProgramOption.IsGiven(args, "--recipe", "large");
        _hidden = ProgramOption.Integer(
            "--hidden", "Features of a pixel's state in a Row LSTM; twice as many features go from layer to layer.", _isLarge ? 32 : 16, 1,
            4096);
        _layers = ProgramOption.Integer("--layers", "Row LSTM layers.", _isLarge ? 3 : 2, 1, 100);
    }

    /// <summary>Describes the program to <see cref="TrainingProgram"/>.</summary>
    public ProgramInfo Info =>
        new("pixelrnn", "A PixelRNN with Row LSTM layers learns to draw images pixel by pixel, and how likely each image is.",
            Epochs: _isLarge ? 30 : 5, Batch: 16)
    {
        Digits = 6000,
        FreeOptions = PixelCommandLine.OfMeasuring,
        TakesWeights = true,
        Monitor = "validation_nats",
    };

    /// <summary>All options.</summary>
    public Option[] All => [_recipe, _hidden, _layers, _rate, .. _images.All];

    /// <summary>The images that the command line chooses.</summary>
    /// <param name="run">The run.</param>
    public PixelChoices Images(TrainingRun run) => _images.Read(run);

    /// <summary>The learning rate to begin with.</summary>
    public double LearningRate(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Option(_rate);
    }

    /// <summary>The model that a command line asks for.</summary>
    /// <param name="run">The run.</param>
    /// <param name="size">The size of an image.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public PixelRnn Model(TrainingRun run, ImageSize size, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new PixelRnn(size.Height, size.Width, run.Option(_hidden), options, run.Option(_layers));
    }
}
