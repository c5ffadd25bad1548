using System.CommandLine;
using System.CommandLine.Parsing;
using Engine.Bench.Peers;

namespace Engine.Bench.Commands;

/// <summary>The options that the comparisons share.</summary>
internal static class PeerOptions
{
    internal static Option<int> Threads() => new("--threads")
    {
        Description = "Threads that compute, the same for both.",
        DefaultValueFactory = _ => Environment.ProcessorCount,
    };

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
