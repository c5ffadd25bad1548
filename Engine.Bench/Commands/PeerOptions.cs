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

    internal static Option<string> TorchSharp() => new("--torchsharp")
    {
        Description = "The command that runs Engine.Bench/Peers/LibTorch/peer.cs: libtorch through TorchSharp. 'steps MODEL ...' or "
            + "'matmul THREADS' is added to it.",
        DefaultValueFactory = _ => "",
    };

    /// <summary>The peers that the two options name, each as what starts it with some arguments.</summary>
    /// <param name="python">The command of <c>--python</c>; empty for no PyTorch.</param>
    /// <param name="script">The script of PyTorch's side.</param>
    /// <param name="torchSharp">The command of <c>--torchsharp</c>; empty for no libtorch.</param>
    /// <param name="kind">What libtorch's side is to serve.</param>
    internal static IEnumerable<(string Name, Func<string[], Peer> Start)> Rivals(
        string python, string script, string torchSharp, string kind)
    {
        if (python.Length > 0)
            yield return ("PyTorch", arguments => Peer.StartPython(CommandLineParser.SplitCommandLine(python), script, arguments));
        if (torchSharp.Length > 0)
        {
            yield return (
                "libtorch", arguments => Peer.StartLibTorch(CommandLineParser.SplitCommandLine(torchSharp), [kind, .. arguments]));
        }
    }

    /// <summary>Starts a peer, or says on standard error why it is not measured.</summary>
    internal static Peer? TryStart((string Name, Func<string[], Peer> Start) rival, params string[] arguments)
    {
        try
        {
            return rival.Start(arguments);
        }
        catch (PeerException e)
        {
            Console.Error.WriteLine($"{rival.Name} is not measured: {e.Message}");
            return null;
        }
    }
}
