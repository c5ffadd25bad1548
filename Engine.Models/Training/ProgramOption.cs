using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Engine.Models.Training;

/// <summary>
/// Options for a program of one's own, with their checks: a value that does not fit is refused with a sentence that names the option, what
/// was expected and what was found.
/// </summary>
public static class ProgramOption
{
    /// <summary>One of several words; the first is the default.</summary>
    /// <param name="name">The option's name, such as <c>--model</c>.</param>
    /// <param name="description">The description in <c>--help</c>.</param>
    /// <param name="words">The words.</param>
    public static Option<string> Choice(string name, string description, params string[] words)
    {
        Option<string> option = new(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => words[0],
            CustomParser = result =>
            {
                string text = Text(result);
                if (!words.Contains(text, StringComparer.Ordinal)) result.AddError(
                    $"{name} must be one of {string.Join(", ", words)}; was '{text}'.");
                return text;
            },
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>A whole number.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="description">The description in <c>--help</c>.</param>
    /// <param name="value">The default.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be.</param>
    public static Option<int> Integer(string name, string description, int value, int least = 0, int most = int.MaxValue)
    {
        string expected = most < int.MaxValue ? $"a whole number from {least} to {most}" : $"a whole number of at least {least}";
        return Checked(name, description, value, expected,
            text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            && number >= least && number <= most ? number : null);
    }

    /// <summary>A scalar.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="description">The description in <c>--help</c>.</param>
    /// <param name="value">The default.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be.</param>
    public static Option<double> Decimal(string name, string description, double value, double least = 0, double most = double.MaxValue)
    {
        string expected = most < double.MaxValue
            ? FormattableString.Invariant($"a number from {least} to {most}")
            : FormattableString.Invariant($"a number of at least {least}");
        return Checked<double>(name, description, value, expected, text => TryParse(text, out double number) && number >= least
            && number <= most ? number : null);
    }

    /// <summary>A whole number that has no value where it is not given: what it then is depends on other options.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="description">The description in <c>--help</c>, which says what is taken by default.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be.</param>
    public static Option<int?> OptionalInteger(string name, string description, int least = 1, int most = int.MaxValue)
    {
        string expected = most < int.MaxValue ? $"a whole number from {least} to {most}" : $"a whole number of at least {least}";
        return Optional<int>(name, description, expected,
            text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            && number >= least && number <= most ? number : null);
    }

    /// <summary>A scalar that has no value where it is not given: what it then is depends on other options.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="description">The description in <c>--help</c>, which says what is taken by default.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be.</param>
    public static Option<double?> OptionalDecimal(string name, string description, double least = 0, double most = double.MaxValue)
    {
        string expected = most < double.MaxValue
            ? FormattableString.Invariant($"a number from {least} to {most}")
            : FormattableString.Invariant($"a number of at least {least}");
        return Optional<double>(name, description, expected, text => TryParse(text, out double number) && number >= least
            && number <= most ? number : null);
    }

    /// <summary>A decay or a probability: a number of at least 0 and less than 1.</summary>
    /// <param name="name">The option's name, such as <c>--beta1</c>.</param>
    /// <param name="description">The description in <c>--help</c>.</param>
    /// <param name="value">The default.</param>
    public static Option<double> Decay(string name, string description, double value) =>
        Checked<double>(name, description, value, "a number of at least 0 and less than 1", text => TryParse(text, out double number)
            && number is >= 0 and < 1 ? number : null);

    /// <summary>
    /// Whether a command line sets an option to a word: for defaults of other options, which have to be known before options are read.
    /// </summary>
    /// <param name="args">The command line.</param>
    /// <param name="name">The option's name.</param>
    /// <param name="word">The word.</param>
    public static bool IsGiven(IEnumerable<string> args, string name, string word)
    {
        ArgumentNullException.ThrowIfNull(args);
        string[] all = [.. args];
        for (int i = 0; i < all.Length; i++)
            if (all[i] == $"{name}={word}" || all[i] == $"{name}:{word}"
                || (all[i] == name && i + 1 < all.Length && all[i + 1] == word)) return true;
        return false;
    }

    /// <summary>An option whose text is parsed by a function that returns null for invalid text.</summary>
    internal static Option<T> Checked<T>(string name, string description, T value, string expected, Func<string, T?> parse)
        where T : struct => new(name)
        {
            Description = description,
            DefaultValueFactory = _ => value,
            CustomParser = result =>
            {
                string text = Text(result);
                if (parse(text) is { } read) return read;
                result.AddError($"{name} must be {expected}, was '{text}'.");
                return value;
            },
        };

    /// <summary>An option without a default, whose text is parsed by a function that returns null for invalid text.</summary>
    internal static Option<T?> Optional<T>(string name, string description, string expected, Func<string, T?> parse) where T : struct =>
        new(name)
        {
            Description = description,
            CustomParser = result =>
            {
                string text = Text(result);
                T? read = parse(text);
                if (read is null) result.AddError($"{name} must be {expected}, was '{text}'.");
                return read;
            },
        };

    private static bool TryParse(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static string Text(ArgumentResult result) => result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
}
