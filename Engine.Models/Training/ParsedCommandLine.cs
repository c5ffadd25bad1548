using System.Collections;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Engine.Models.Training;

/// <summary>The parsed command line of a program: its options with their values, and the command that repeats them.</summary>
/// <param name="options">Every option of the program.</param>
/// <param name="parsed">Their values.</param>
/// <param name="args">The arguments as they were given.</param>
internal sealed class ParsedCommandLine(IEnumerable<Option> options, ParseResult parsed, string[] args)
{
    // Options that speak of the program instead of the training.
    private static readonly string[] s_about = ["--help", "--version"];

    /// <summary>The options that decide something about the training.</summary>
    public IReadOnlyList<Option> Options { get; } = [.. options.Where(option => !s_about.Contains(option.Name))];

    /// <summary>The values, by option.</summary>
    public ParseResult Parsed => parsed;

    /// <summary>The command as it was given.</summary>
    public string Text => string.Join(' ', [Program, .. args.Select(Quoted)]);

    /// <summary>The command that resumes from the checkpoint that this run leaves.</summary>
    public string ToResume => string.Join(' ', [Program, .. WithoutResume().Select(Quoted), "--resume"]);

    /// <summary>The Markdown page beside a file-based program that explains it; null where there is none.</summary>
    public static string? Page => AppContext.GetData("EntryPointFilePath") is string source
        && Path.ChangeExtension(source, ".md") is var page && File.Exists(page) ? page : null;

    // A file-based program knows its source file.
    private static string Program => AppContext.GetData("EntryPointFilePath") is string source
        ? $"dotnet run {Quoted(Path.GetRelativePath(Environment.CurrentDirectory, source))} --"
        : Path.GetFileNameWithoutExtension(Environment.GetCommandLineArgs()[0]);

    /// <summary>The value of an option as text.</summary>
    public string Value(Option option) => parsed.GetResult(option)?.GetValueOrDefault<object>() switch
    {
        null => "",
        string text => text,
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable values => string.Join(", ", values.Cast<object>()),
        object value => value.ToString() ?? "",
    };

    /// <summary>Whether an option was not given and has its default.</summary>
    public bool IsDefault(Option option) => parsed.GetResult(option) is null or { Implicit: true };

    private static string Quoted(string text) =>
        text.Length > 0 && text.All(c => char.IsLetterOrDigit(c) || "-_./=:+,@%".Contains(c, StringComparison.Ordinal))
        ? text
        : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private IEnumerable<string> WithoutResume()
    {
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i].StartsWith("--resume=", StringComparison.Ordinal)
                || args[i].StartsWith("--resume:", StringComparison.Ordinal)) continue;
            if (args[i] != "--resume") yield return args[i];
            else if (i + 1 < args.Length && !args[i + 1].StartsWith('-')) i++;
        }
    }
}
