using System.CommandLine;
using System.Globalization;
using Engine.Autograd.Nn;
using Engine.Models.Data;
using Engine.Models.Training;
using Engine.Models.Variational;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>The command-line options of a program that trains a PixelCNN, in addition to those that all training programs share.</summary>
public sealed class PixelCnnCommandLine
{
    private readonly Option<string> _model =
        ProgramOption.Choice("--model", "Plain residual blocks, or gated units in two stacks without a blind spot.", "pixelcnn", "gated");
    private readonly Option<string> _recipe = ProgramOption.Choice(
        "--recipe", "Sizes and training: small for minutes, large for hours and the published likelihood.", "small", "large");
    private readonly Option<string> _levels =
        ProgramOption.Choice("--levels", "Levels of a pixel: black and white, or all greys by a softmax.", "2", "256");
    private readonly Option<bool> _classes =
        new("--classes") { Description = "Conditions the model on the class of each image, so that samples of a class can be drawn." };
    private readonly Option<int> _layers =
        ProgramOption.Integer("--layers", "Residual blocks or gated layers; 0 takes the recipe's.", 0, 0, 1000);
    private readonly Option<int> _features = ProgramOption.Integer("--features", "Features of a layer; 0 takes the recipe's.", 0, 0, 4096);
    private readonly Option<string> _positions = ProgramOption.Choice(
        "--positions", "A learned vector for each place of an image, after the first layer; none treats all places alike.", "learned",
        "none");
    private readonly Option<double> _dropout = ProgramOption.Checked<double>(
        "--dropout", "The share of features that are dropped in training; -1 takes the recipe's.", -1,
        "a number from 0 to below 1, or -1 for the recipe's",
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is -1 or (>= 0 and < 1)
            ? share : null);

    private readonly Option<double> _rate = ProgramOption.Decimal(
        "--learning-rate", "The learning rate to begin with, from where it falls to a hundredth; 0 takes the recipe's.", 0);
    private readonly PixelCommandLine _images = new(samples: 100);

    /// <summary>All options, for <see cref="TrainingProgram"/>.</summary>
    public Option[] All => [_model, _recipe, _levels, _classes, _layers, _features, _positions, _dropout, _rate, .. _images.All];

    /// <summary>
    /// The recipe that a command line asks for, which <see cref="ProgramInfo"/> takes its epochs and batch from before options are read.
    /// </summary>
    /// <param name="args">The command line.</param>
    public static PixelCnnRecipe RecipeOf(IEnumerable<string> args)
    {
        string[] all = [.. args];
        return Recipe(ProgramOption.IsGiven(all, "--model", "gated"), ProgramOption.IsGiven(all, "--recipe", "large"));
    }

    /// <summary>Reads the options of a run.</summary>
    /// <param name="run">The run.</param>
    public PixelCnnChoices Read(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        PixelChoices images = _images.Read(run);
        int levels = int.Parse(run.Option(_levels)!, CultureInfo.InvariantCulture), layers = run.Option(_layers),
            features = run.Option(_features);
        double dropout = run.Option(_dropout);
        if (levels > 2 && images.Binarization is { } kind) throw new DataException(
            $"--binarize {kind.ToString().ToLowerInvariant()} makes black and white: expected --levels 2, found {levels}.");
        bool isGated = run.Option(_model) == "gated";
        PixelCnnRecipe recipe = Recipe(isGated, run.Option(_recipe) == "large");
        return new PixelCnnChoices
        {
            IsGated = isGated,
            Recipe = recipe with
            {
                LearningRate = run.Option(_rate) is > 0 and var rate ? rate : recipe.LearningRate,
                Sizes = recipe.Sizes with
                {
                    Levels = levels,
                    Layers = layers > 0 ? layers : recipe.Sizes.Layers,
                    Features = features > 0 ? features : recipe.Sizes.Features,
                    Dropout = dropout >= 0 ? dropout : recipe.Sizes.Dropout,
                    Head = levels > 2 ? Math.Max(recipe.Sizes.Head, 64) : recipe.Sizes.Head,
                },
            },
            IsConditional = run.Option(_classes),
            LearnsPositions = run.Option(_positions) == "learned",
            Images = levels > 2 ? images with { Binarization = Binarization.None } : images,
        };
    }

    private static PixelCnnRecipe Recipe(bool isGated, bool isLarge) => (isGated, isLarge) switch
    {
        (false, false) => PixelCnnRecipe.Small,
        (false, true) => PixelCnnRecipe.Large,
        (true, false) => PixelCnnRecipe.SmallGated,
        (true, true) => PixelCnnRecipe.LargeGated,
    };
}

/// <summary>The settings that the command line of a program that trains a PixelCNN chose; see <see cref="PixelCnnCommandLine"/>.</summary>
public sealed record PixelCnnChoices
{
    /// <summary>Whether the model is a <see cref="GatedPixelCnn"/>.</summary>
    public required bool IsGated { get; init; }

    /// <summary>Sizes and training, with the levels that were asked for.</summary>
    public required PixelCnnRecipe Recipe { get; init; }

    /// <summary>Whether the model is conditioned on classes.</summary>
    public required bool IsConditional { get; init; }

    /// <summary>The images.</summary>
    public required PixelChoices Images { get; init; }

    /// <summary>Whether the model learns a vector for each place of an image.</summary>
    public required bool LearnsPositions { get; init; }

    /// <summary>Creates the model.</summary>
    /// <param name="classes">Classes of the data.</param>
    /// <param name="size">The size of an image.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public PixelCnnModel Model(int classes, ImageSize size, ModuleOptions options)
    {
        PixelCnnSizes sizes = Recipe.Sizes with
        {
            Classes = IsConditional ? classes : 0,
            Positions = LearnsPositions ? (size.Height, size.Width) : null,
        };
        return IsGated ? new GatedPixelCnn(sizes, options) : new PixelCnn(sizes, options);
    }
}
