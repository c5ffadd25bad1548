using System.CommandLine;
using System.Globalization;
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Training;

namespace Engine.Models.Autoregressive;

/// <summary>
/// The command-line options of a program that trains a <see cref="Made"/>, in addition to those that all training programs share.
/// </summary>
public sealed class MadeCommandLine
{
    private readonly bool _isLarge;
    private readonly Option<string> _recipe =
        ProgramOption.Choice("--recipe", "small: minutes. large: width and dropout for the published likelihood.", "small", "large");
    private readonly Option<string> _hidden;
    private readonly Option<double> _dropout;
    private readonly Option<double> _rate =
        ProgramOption.Decimal("--learning-rate", "The learning rate to begin with; it falls to a fiftieth.", 1e-3, 1e-9, 1);
    private readonly Option<int> _masks =
        ProgramOption.Integer("--masks", "Sets of masks, one for each step in turn; they share the weights.", 1, 1, 10_000);
    private readonly Option<bool> _anyOrder =
        new("--any-order") { Description = "An ordering of its own for each set of masks, in place of that of the pixels." };
    private readonly PixelCommandLine _images = new(samples: 64);

    /// <summary>Options whose defaults are those of a recipe.</summary>
    /// <param name="args">The command line, which names the recipe that the defaults of the options depend on.</param>
    public MadeCommandLine(IEnumerable<string> args)
    {
        _isLarge = ProgramOption.IsGiven(args, "--recipe", "large");
        _hidden = new Option<string>("--hidden") {
            Description = "Units of each hidden layer, with commas between.", DefaultValueFactory = _ => _isLarge ? "2000" : "500" };
        _dropout = ProgramOption.Decay("--dropout", "The share of hidden units that are dropped while training.", _isLarge ? 0.25 : 0.2);
    }

    /// <summary>Describes the program to <see cref="TrainingProgram"/>.</summary>
    public ProgramInfo Info =>
        new("made", "MADE learns how likely an image is, all pixels in one pass.", Epochs: _isLarge ? 30 : 20, Batch: 100) {
            FreeOptions = PixelCommandLine.OfMeasuring, TakesWeights = true, Monitor = "validation_nats" };

    /// <summary>All options.</summary>
    public Option[] All => [_recipe, _hidden, _dropout, _rate, _masks, _anyOrder, .. _images.All];

    /// <summary>The images that the command line chooses.</summary>
    /// <param name="run">The run.</param>
    public PixelChoices Images(TrainingRun run) => _images.Read(run);

    /// <summary>The learning rate to begin with.</summary>
    public double LearningRate(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Option(_rate);
    }

    /// <summary>Whether the orders of the masks are drawn.</summary>
    /// <param name="run">The run.</param>
    public bool IsAnyOrder(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Option(_anyOrder);
    }

    /// <summary>The model that a command line asks for.</summary>
    /// <param name="run">The run.</param>
    /// <param name="pixels">Pixels of an image.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="DataException">A width is not a positive integer.</exception>
    public Made Model(TrainingRun run, int pixels, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(run);
        string[] parts = run.Option(_hidden)!.Split(',');
        int[] widths = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out widths[i]) || widths[i] is < 1 or > 8192)
                throw new DataException($"--hidden must be whole numbers from 1 to 8192 with commas between, was '{run.Option(_hidden)}'.");
        }

        return new Made(pixels, widths, options, run.Option(_masks), run.Option(_anyOrder), dropout: run.Option(_dropout));
    }
}
