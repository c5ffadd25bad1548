using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Engine.Models.Data;

namespace Engine.Models.Training;

/// <summary>The options that training programs share, with their checks.</summary>
internal sealed class TrainingCommandLine
{
    private const int MostSize = 1024;
    private readonly ProgramInfo _info;

    internal TrainingCommandLine(ProgramInfo info)
    {
        _info = info;
        Data = new Option<string>("--data")
        {
            Description = info.IsText
                ? $"What to train on: {string.Join(", ", TextDatasets.Names)}, or the path of a text file."
                : $"What to train on: {string.Join(", ", Datasets.Names)}, or the path of a folder: of pictures (PNG, JPEG, BMP, GIF, TGA; "
                    + "sub-folders are classes), or with IDX files.",
            DefaultValueFactory = _ => info.Data ?? "",
        };
        Data.Validators.Add(result => RefuseBlank(result, "a name or a path"));
        Size = ProgramOption.Optional<int>(
            "--size", "Rows and columns of an image. By default those of the data, and 32 for a folder of pictures.",
            $"a whole number from 1 to {MostSize}",
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            && size is >= 1 and <= MostSize ? size : null);
        Images = ProgramOption.OptionalInteger("--images", "How many images to train on at most, the first of the data. By default "
            + (info.Images is { } usual ? $"{usual}." : "all."));
        if (info.Images is not null) Images.DefaultValueFactory = _ => info.Images;
        Channels = ProgramOption.Optional<int>(
            "--channels", "Channels of an image: 1 grey, 3 colour. By default those of the data, and 3 for pictures.", "1 or 3",
            text => text is "1" or "3" ? int.Parse(text, CultureInfo.InvariantCulture) : null);
        Fit = ProgramOption.Choice(
            "--fit", "How pictures become square: cut to the largest square in their middle, or whole with black beside them.", "crop",
            "pad");
        Flip = new Option<bool>("--flip") { Description = "Trains on images that are mirrored, left to right, half of the time." };
        Shift = ProgramOption.Integer(
            "--shift", "Trains on images that are moved by up to so many pixels in each direction; the pixels of the border are repeated.",
            0, 0, MostSize);
        Strict = new Option<bool>("--strict") { Description = "Refuses a folder with a damaged picture instead of leaving it out." };
        Epochs = ProgramOption.Integer(
            "--epochs", info.TakesWeights ? $"{info.EpochsHelp} 0, with --from or --resume, measures without training." : info.EpochsHelp,
            info.Epochs, info.TakesWeights ? 0 : 1);
        Batch = ProgramOption.Integer("--batch", info.BatchHelp, info.Batch, 1, info.MaxBatch);
        Seed = ProgramOption.Checked<ulong>(
            "--seed", "The seed of everything random.", 1, "a whole number of at least 0",
            text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? seed : null);
        Device = new Option<string?>("--device")
        {
            Description = "Where to compute: cpu, cpu:THREADS, simulator, cuda:N or opencl:N. By default the first of cuda and cpu "
                + "that opens.",
        };
        Precision = ProgramOption.Choice(
            "--precision", "How exactly a GPU multiplies matrices: float32, or tensor cores with less exact operands. By default what "
            + "ENGINE_PRECISION names.", "float32", "tf32", "bfloat16");
        Out = new Option<string>("--out")
        {
            Description = "The folder for pictures and results.",
            DefaultValueFactory = _ => Path.Combine("out", info.Name),
        };
        Out.Validators.Add(result => RefuseBlank(result, "the path of a folder"));
        TensorBoard = new Option<bool>("--tensorboard")
        {
            Description = "Writes losses, metrics, pictures and texts to event files too, in the folder tensorboard of the --out folder: "
                + "tensorboard --logdir with that --out folder shows them.",
        };
        Resume = new Option<string?>("--resume")
        {
            Description = "Resumes from a checkpoint as if training had never stopped: without a path from the one in the --out folder.",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "path",
        };
        From = new Option<string?>("--from")
        {
            Description = "Begins with the weights that another run with the same network left: the path of its "
                + $"{TrainingRun.WeightsName}, or of a checkpoint, whose average of the weights is taken where it has one.",
            HelpName = "path",
        };
        From.Validators.Add(result => RefuseBlank(result, "the path of a file or a folder"));
        CheckpointMinutes = ProgramOption.Decimal(
            "--checkpoint-minutes", "How many minutes of an epoch pass between checkpoints; 0 writes one after every step. There is also "
            + "one after each epoch, and at Ctrl+C.", 5);
        string better = info.HigherIsBetter ? "higher" : "lower";
        Patience = ProgramOption.OptionalInteger(
            "--patience", $"Ends training when {info.Monitor} has not become {better} for so many epochs. By default all epochs are "
            + "trained.");
        MinDelta = ProgramOption.Decimal(
            "--min-delta", $"By how much {info.Monitor} must be {better} for --patience to count it as an improvement.", 0);
        KeepBest = new Option<bool>("--keep-best")
        {
            Description = $"Goes back to the epoch with the best {info.Monitor} when training is done: weights, measurements and pictures "
                + $"are of it. It is also kept as {TrainingCheckpoint.BestName}.",
        };
        KeepPrevious = new Option<bool>("--keep-previous") {
            Description = $"Keeps the checkpoint before the last one too, as {TrainingCheckpoint.PreviousName}." };
    }

    /// <summary>What the program does, and where its data come from.</summary>
    internal string Description => _info.Data is null ? _info.Description : $"{_info.Description}\n\n"
        + (_info.IsText ? $"{TextDatasets.SentencesName} are made" : $"{Datasets.DigitsName} and {Datasets.ShapesName} are drawn")
        + " by the program. What is published is looked for in the folder that the environment variable ENGINE_DATA names, then in "
        + $"{new DataOptions().CacheFolder}, and else downloaded to there: {(_info.IsText ? TextDatasets.Sources : Datasets.Sources)}.";

    internal Option<string> Data { get; }

    internal Option<int?> Images { get; }

    internal Option<int?> Size { get; }

    internal Option<int?> Channels { get; }

    internal Option<string> Fit { get; }

    internal Option<bool> Flip { get; }

    internal Option<int> Shift { get; }

    internal Option<bool> Strict { get; }

    internal Option<int> Epochs { get; }

    internal Option<int> Batch { get; }

    internal Option<ulong> Seed { get; }

    internal Option<string?> Device { get; }

    internal Option<string> Precision { get; }

    internal Option<string> Out { get; }

    internal Option<bool> TensorBoard { get; }

    internal Option<string?> Resume { get; }

    internal Option<string?> From { get; }

    internal Option<double> CheckpointMinutes { get; }

    internal Option<bool> KeepPrevious { get; }

    internal Option<int?> Patience { get; }

    internal Option<double> MinDelta { get; }

    internal Option<bool> KeepBest { get; }

    /// <summary>The options in the order in which <c>--help</c> lists them.</summary>
    internal IEnumerable<Option> All =>
        [.. _info.Data is null ? (ReadOnlySpan<Option>)[] : _info.IsText ? [Data] : [
            Data, Images, Size, Channels, Fit, Flip, Shift, Strict],
            Epochs, Batch, Seed, Device, Precision, Out, TensorBoard, .. _info.TakesWeights
            ? (ReadOnlySpan<Option>)[From] : [], Resume, CheckpointMinutes, KeepPrevious,
            .. _info.Monitor is null ? (ReadOnlySpan<Option>)[] : [Patience, MinDelta, KeepBest]];

    /// <summary>
    /// Whether training may resume with another value of an option: more epochs, another device or place for the same training.
    /// </summary>
    internal bool MayChange(Option option) =>
        option == Epochs || option == Device || option == Precision || option == Out || option == From || option == Resume
            || option == CheckpointMinutes || option == KeepPrevious || option == Strict || option == TensorBoard
            || option == Patience || option == MinDelta || option == KeepBest
        || _info.FreeOptions.Contains(option.Name);

    private static void RefuseBlank(OptionResult result, string expected)
    {
        string? text = result.GetValueOrDefault<string>();
        if (string.IsNullOrWhiteSpace(text)) result.AddError($"{result.Option.Name} must be {expected}, was '{text}'.");
    }
}
