using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Engine.Models.Data;

namespace Engine.Models.Training;

/// <summary>The options that training programs share: <c>--data --epochs --batch --seed --device --out</c>, with their checks.</summary>
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
    }

    private delegate bool TryParse<T>(string text, NumberStyles styles, IFormatProvider culture, out T value);

    internal Option<string> Data { get; }

    internal Option<int> Epochs { get; }

    internal Option<int> Batch { get; }

    internal Option<ulong> Seed { get; }

    internal Option<string?> Device { get; }

    internal Option<string> Out { get; }

    /// <summary>The options in the order in which <c>--help</c> lists them.</summary>
    internal IEnumerable<Option> All => _info.Data is null ? [Epochs, Batch, Seed, Device, Out] : [Data, Epochs, Batch, Seed, Device, Out];

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
