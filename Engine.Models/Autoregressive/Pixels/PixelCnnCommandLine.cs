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
        ProgramOption.Choice(
            "--levels", "Levels of a pixel: black and white, or all 256. By default 2 for grey images, 256 for colour.", "auto", "2",
            "256");
    private readonly Option<string> _head = ProgramOption.Choice(
        "--head", "With 256 levels: a softmax, or a mixture of discretised logistic distributions. By default a softmax for grey images; "
        + "colour has the mixture.", "auto", "softmax", "mixture");
    private readonly Option<int> _mixtures = ProgramOption.Integer(
        "--mixtures", "Logistic distributions of a mixture.", 5, 1, 100);
    private readonly Option<bool> _classes =
        new("--classes") { Description = "Conditions the model on the class of each image, so that samples of a class can be drawn." };
    private readonly Option<int?> _layers = ProgramOption.OptionalInteger(
        "--layers", "Residual blocks or gated layers; by default the recipe's.", 1, 1000);
    private readonly Option<int?> _features =
        ProgramOption.OptionalInteger("--features", "Features of a layer; by default the recipe's.", 1, 4096);
    private readonly Option<string> _positions = ProgramOption.Choice(
        "--positions", "A learned vector for each place of an image, after the first layer; none treats all places alike.", "learned",
        "none");
    private readonly Option<double?> _dropout = ProgramOption.Optional<double>(
        "--dropout", "The share of features that are dropped in training; by default the recipe's.", "a number from 0 to below 1",
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is >= 0 and < 1
            ? share : null);

    private readonly Option<double?> _rate = ProgramOption.OptionalDecimal(
        "--learning-rate", "The learning rate to begin with, from where it falls to a hundredth; by default the recipe's.");
    private readonly PixelCommandLine _images = new(samples: 100);

    /// <summary>All options, for <see cref="TrainingProgram"/>.</summary>
    public Option[] All =>
        [_model, _recipe, _levels, _head, _mixtures, _classes, _layers, _features, _positions, _dropout, _rate, .. _images.All];

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
        bool isMixture = run.Option(_head) == "mixture";
        int levels = run.Option(_levels) switch { "256" => 256, "2" => 2, _ => isMixture ? 256 : 2 };
        if (levels > 2 && images.Binarization is { } kind) throw new DataException(
            $"--binarize {kind.ToString().ToLowerInvariant()} makes black and white: expected --levels 2, found {levels}.");
        if (levels == 2 && run.Option(_head) is { } head and not "auto") throw new DataException(
            $"--head {head} is one of 256 levels: expected --levels 256, found 2.");
        bool isGated = run.Option(_model) == "gated";
        PixelCnnRecipe recipe = Recipe(isGated, run.Option(_recipe) == "large");
        return new PixelCnnChoices
        {
            IsGated = isGated,
            Recipe = recipe with
            {
                LearningRate = run.Option(_rate) ?? recipe.LearningRate,
                Sizes = recipe.Sizes with
                {
                    Levels = levels,
                    Layers = run.Option(_layers) ?? recipe.Sizes.Layers,
                    Features = run.Option(_features) ?? recipe.Sizes.Features,
                    Dropout = run.Option(_dropout) ?? recipe.Sizes.Dropout,
                    Head = levels > 2 ? Math.Max(recipe.Sizes.Head, 64) : recipe.Sizes.Head,
                    Mixtures = isMixture ? run.Option(_mixtures) : 0,
                },
            },
            IsConditional = run.Option(_classes),
            Head = run.Option(_head)!,
            Mixtures = run.Option(_mixtures),
            HasOpenLevels = run.Option(_levels) == "auto",
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

    /// <summary>What gives the probabilities of 256 levels: <c>softmax</c>, <c>mixture</c>, or <c>auto</c> by the images.</summary>
    public required string Head { get; init; }

    /// <summary>Distributions of a mixture.</summary>
    public required int Mixtures { get; init; }

    /// <summary>Whether the number of levels was left to the images.</summary>
    public required bool HasOpenLevels { get; init; }

    /// <summary>The same for images: those in colour have 256 levels in a mixture.</summary>
    /// <param name="size">The size of an image.</param>
    /// <exception cref="DataException">Something else was asked for that images in colour cannot have.</exception>
    public PixelCnnChoices For(ImageSize size)
    {
        if (size.Channels == 1) return this;
        if (Head == "softmax" || !HasOpenLevels && Recipe.Sizes.Levels == 2 || Images.Binarization is not (null or Binarization.None))
            throw new DataException(
                $"A PixelCNN of colour has 256 levels in a mixture of distributions (--levels 256 --head mixture, no --binarize), found "
                + $"images of {size}: --channels 1 makes them grey.");
        return this with
        {
            Recipe = Recipe with
            {
                Sizes = Recipe.Sizes with
                {
                    Levels = 256, Channels = size.Channels, Mixtures = Mixtures, Head = Math.Max(Recipe.Sizes.Head, 64),
                },
            },
            Images = Images with { Binarization = Binarization.None },
        };
    }

    /// <summary>Creates the model.</summary>
    /// <param name="classes">Classes of the data.</param>
    /// <param name="size">The size of an image.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public PixelCnnModel Model(int classes, ImageSize size, ModuleOptions options)
    {
        PixelCnnSizes sizes = Sizes(classes, size);
        return IsGated ? new GatedPixelCnn(sizes, options) : new PixelCnn(sizes, options);
    }

    /// <summary>The sizes of the model.</summary>
    /// <param name="classes">Classes of the data.</param>
    /// <param name="size">The size of an image.</param>
    public PixelCnnSizes Sizes(int classes, ImageSize size) => Recipe.Sizes with
    {
        Classes = IsConditional ? classes : 0,
        Positions = LearnsPositions ? (size.Height, size.Width) : null,
    };
}
