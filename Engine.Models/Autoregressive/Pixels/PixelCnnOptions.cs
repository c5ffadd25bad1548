using System.CommandLine;
using System.Globalization;
using Engine.Models.Training;
using Engine.Models.Variational;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>The options of a program that trains a PixelCNN, beside those that all training programs have.</summary>
public sealed class PixelCnnOptions
{
    private readonly Option<string> _model =
        ProgramOption.Choice("--model", "Plain residual blocks, or gated units in two stacks without a blind spot.", "pixelcnn", "gated");
    private readonly Option<string> _recipe = ProgramOption.Choice(
        "--recipe", "Sizes and training: small for minutes, large for hours and the published likelihood.", "small", "large");
    private readonly Option<string> _levels =
        ProgramOption.Choice("--levels", "Levels of a pixel: black and white, or all greys by a softmax.", "2", "256");
    private readonly Option<bool> _classes =
        new("--classes") { Description = "Tells the model the class of each image, so that one can ask for a class." };
    private readonly Option<string> _binarize = ProgramOption.Choice(
        "--binarize", "With 2 levels, how grey becomes 0 or 1: drawn for each use, drawn once, from the half on. auto: not at all where "
        + "all is black or white already, else dynamic.",
        "auto", "dynamic", "static", "threshold");
    private readonly Option<string> _side =
        ProgramOption.Choice("--side", "Rows and columns of an image: smaller ones are averages.", "28", "14", "7");
    private readonly Option<int> _layers =
        ProgramOption.Integer("--layers", "Residual blocks or gated layers; 0 takes the recipe's.", 0, 0, 1000);
    private readonly Option<int> _features = ProgramOption.Integer("--features", "Features of a layer; 0 takes the recipe's.", 0, 0, 4096);
    private readonly Option<string> _positions = ProgramOption.Choice(
        "--positions", "A learned vector for each place of an image, behind the first layer; none does the same at all places.", "learned",
        "none");
    private readonly Option<double> _dropout = ProgramOption.Checked<double>(
        "--dropout", "The share of features that are dropped in training; -1 takes the recipe's.", -1,
        "a number from 0 to below 1, or -1 for the recipe's",
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is -1 or (>= 0 and < 1)
            ? share : null);

    private readonly Option<double> _rate = ProgramOption.Decimal(
        "--learning-rate", "The learning rate to begin with, from where it falls to a hundredth; 0 takes the recipe's.", 0);
    private readonly Option<int> _trainImages =
        ProgramOption.Integer("--train-images", "How many images to train on at most; 0 takes all.", 0, 0);
    private readonly Option<int> _samples = ProgramOption.Integer("--samples", "Images that are drawn at the end.", 100, 1, 10_000);
    private readonly Option<int> _testImages =
        ProgramOption.Integer("--test-images", "How many test images to measure on at most.", 10_000, 2);

    /// <summary>The names of those that decide only what is measured after training, for <see cref="ProgramInfo.FreeOptions"/>.</summary>
    public static IReadOnlyList<string> OfMeasuring { get; } = ["--test-images", "--samples"];

    /// <summary>All of them, for the training program.</summary>
    public Option[] All => [_model, _recipe, _levels, _classes, _binarize, _side, _layers, _features, _positions, _dropout, _rate,
        _trainImages, _testImages, _samples];

    /// <summary>
    /// The recipe that a command line asks for, which <see cref="ProgramInfo"/> takes its epochs and batch from before options are read.
    /// </summary>
    /// <param name="args">The command line.</param>
    public static PixelCnnRecipe RecipeOf(IEnumerable<string> args)
    {
        string[] all = [.. args];
        return Recipe(ProgramOption.IsGiven(all, "--model", "gated"), ProgramOption.IsGiven(all, "--recipe", "large"));
    }

    /// <summary>What a run's command line says.</summary>
    /// <param name="run">The run.</param>
    public PixelCnnChoices Read(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        string binarize = run.Option(_binarize)!;
        int levels = int.Parse(run.Option(_levels)!, CultureInfo.InvariantCulture), layers = run.Option(_layers),
            features = run.Option(_features);
        double dropout = run.Option(_dropout);
        if (levels > 2 && binarize != "auto") throw new Data.DataException(
            $"--binarize {binarize} makes black and white: expected --levels 2, found {levels}.");
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
            TellsClasses = run.Option(_classes),
            LearnsPositions = run.Option(_positions) == "learned",
            Binarization = levels > 2 ? Variational.Binarization.None : binarize == "auto" ? null
                : Enum.Parse<Binarization>(binarize, ignoreCase: true),
            Side = int.Parse(run.Option(_side)!, CultureInfo.InvariantCulture),
            TrainImages = run.Option(_trainImages),
            TestImages = run.Option(_testImages),
            Samples = run.Option(_samples),
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
