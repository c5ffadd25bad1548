using System.CommandLine;
using System.CommandLine.Parsing;
using Engine.Bench.Peers;

namespace Engine.Bench.Commands;

/// <summary>The options that the comparisons share.</summary>
internal static class PeerOptions
{
    internal static Option<int> Threads() => Count("--threads", "Threads that compute, the same for both.", Environment.ProcessorCount);

    /// <summary>A number of at least 1.</summary>
    internal static Option<int> Count(string name, string description, int value)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError($"{name} must be at least 1.");
        });
        return option;
    }

    /// <summary>A length of time.</summary>
    internal static Option<double> Seconds(string description, double value)
    {
        Option<double> option = new("--seconds") { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (> 0 and <= 60)) result.AddError("--seconds must be above 0 and at most 60.");
        });
        return option;
    }

    internal static Option<string> Python(string? fallback) => new("--python")
    {
        Description = "The command that runs a Python with PyTorch; '-c SCRIPT ARGUMENTS' is added to it.",
        DefaultValueFactory = _ => fallback ?? "",
    };

    /// <summary>Starts a script, or says on standard error why PyTorch is not measured.</summary>
    internal static Peer? TryStart(string python, string script, params IEnumerable<string> arguments)
    {
        try
        {
            return Peer.StartPython(CommandLineParser.SplitCommandLine(python), script, arguments);
        }
        catch (PeerException e)
        {
            Console.Error.WriteLine($"PyTorch is not measured: {e.Message}");
            return null;
        }
    }
}
