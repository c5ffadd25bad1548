using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Engine.Models.Data;

namespace Engine.Models.Training;

/// <summary>The options that training programs share, with their checks.</summary>
internal sealed class TrainingOptions
{
    private readonly ProgramInfo _info;

    internal TrainingOptions(ProgramInfo info)
    {
        _info = info;
        Data = new Option<string>("--data")
        {
            Description = $"What to train on: {string.Join(", ", Datasets.Names)}, or the path of a folder with IDX files.",
            DefaultValueFactory = _ => info.Data ?? "",
        };
        Data.Validators.Add(result => RefuseBlank(result, "a name or a path"));
        Epochs = Number("--epochs", info.EpochsHelp, info.Epochs, int.MaxValue);
        Batch = Number("--batch", info.BatchHelp, info.Batch, info.MaxBatch);
        Seed = new Option<ulong>("--seed")
        {
            Description = "Everything random flows from this number.",
            DefaultValueFactory = _ => 1,
            CustomParser = result => Parse(result, ulong.TryParse, "a whole number of at least 0", out ulong seed) ? seed : 0,
        };
        Device = new Option<string?>("--device")
        {
            Description = "Where to compute: cpu, cpu:THREADS, simulator, cuda:N or opencl:N. By default the first of cuda, opencl and cpu that opens.",
        };
        Out = new Option<string>("--out")
        {
            Description = "The folder for pictures and results.",
            DefaultValueFactory = _ => Path.Combine("out", info.Name),
        };
        Out.Validators.Add(result => RefuseBlank(result, "the path of a folder"));
        Resume = new Option<string?>("--resume")
        {
            Description = "Goes on from a checkpoint as if training had never stopped: without a path from the one in the --out folder.",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "path",
        };
        CheckpointMinutes = new Option<double>("--checkpoint-minutes")
        {
            Description = "How many minutes of an epoch pass between checkpoints; 0 writes one after every step. There is also one after each epoch, and at Ctrl+C.",
            DefaultValueFactory = _ => 5,
            CustomParser = result => ParseMinutes(result),
        };
        KeepPrevious = new Option<bool>("--keep-previous") { Description = $"Keeps the checkpoint before the last one too, as {TrainingCheckpoint.PreviousName}." };
    }

    private delegate bool TryParse<T>(string text, NumberStyles styles, IFormatProvider culture, out T value);

    internal Option<string> Data { get; }

    internal Option<int> Epochs { get; }

    internal Option<int> Batch { get; }

    internal Option<ulong> Seed { get; }

    internal Option<string?> Device { get; }

    internal Option<string> Out { get; }

    internal Option<string?> Resume { get; }

    internal Option<double> CheckpointMinutes { get; }

    internal Option<bool> KeepPrevious { get; }

    /// <summary>The options in the order in which <c>--help</c> lists them.</summary>
    internal IEnumerable<Option> All =>
        [.. _info.Data is null ? (ReadOnlySpan<Option>)[] : [Data], Epochs, Batch, Seed, Device, Out, Resume, CheckpointMinutes, KeepPrevious];

    /// <summary>Whether training may go on with another value of an option: more epochs, another device or place for the same training.</summary>
    internal bool MayChange(Option option) =>
        option == Epochs || option == Device || option == Out || option == Resume || option == CheckpointMinutes || option == KeepPrevious
        || _info.FreeOptions.Contains(option.Name);

    private static Option<int> Number(string name, string description, int value, int most) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            if (!Parse(result, int.TryParse, "a whole number of at least 1", out int number)) return 0;
            if (number < 1) result.AddError($"{name} must be at least 1, was {number}.");
            if (number > most) result.AddError($"{name} must be at most {most}, was {number}.");
            return number;
        },
    };

    /// <summary>A number of at least 0 and less than 1.</summary>
    internal static Option<double> Decay(string name, string description, double value) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => value,
        CustomParser = result =>
        {
            const string Expected = "a number of at least 0 and less than 1";
            if (!Parse(result, TryParseDecimal, Expected, out double number)) return 0;
            if (!(number is >= 0 and < 1)) result.AddError($"{name} must be {Expected}, was {result.Tokens[0].Value}.");
            return number;
        },
    };

    private static double ParseMinutes(ArgumentResult result)
    {
        const string Expected = "a number of at least 0";
        if (!Parse(result, TryParseDecimal, Expected, out double minutes)) return 0;
        if (!(minutes >= 0 && minutes <= TimeSpan.MaxValue.TotalMinutes)) result.AddError($"--checkpoint-minutes must be {Expected}, was {result.Tokens[0].Value}.");
        return minutes;
    }

    private static bool TryParseDecimal(string text, NumberStyles styles, IFormatProvider culture, out double value) =>
        double.TryParse(text, styles | NumberStyles.AllowDecimalPoint, culture, out value);

    private static void RefuseBlank(OptionResult result, string expected)
    {
        string? text = result.GetValueOrDefault<string>();
        if (string.IsNullOrWhiteSpace(text)) result.AddError($"{result.Option.Name} must be {expected}, was '{text}'.");
    }

    private static bool Parse<T>(ArgumentResult result, TryParse<T> parse, string expected, out T value)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)) return true;
        result.AddError($"{(result.Parent as OptionResult)?.Option.Name} must be {expected}, was '{text}'.");
        return false;
    }
}
