using System.CommandLine;
using System.Diagnostics;
using Engine.Autograd.Nn;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Text;
using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary><c>cache</c>: a Transformer draws tokens with its cache of keys and values and without, in turns.</summary>
internal static class CacheCommand
{
    private const int Tokens = 256, Turns = 5;

    internal static Command Create()
    {
        Option<int> threads = PeerOptions.Threads();
        Command command = new("cache",
            "Drawing 256 tokens by nanoGPT's model for a CPU with a block of 256, with the cache of keys and values and without.") {
                threads };
        command.SetAction(parsed => Run(parsed.GetValue(threads)));
        return command;
    }

    private static void Run(int threads)
    {
        using CpuDevice device = new(threads);
        using Transformer model = new(new TransformerOptions(65) { Block = Tokens }, ModuleOptions.FromSeed(1, device));
        TextGenerator generator = new(model);
        (int[] with, _) = Draw(generator, true);
        (int[] without, _) = Draw(generator, false);
        if (!with.SequenceEqual(without)) throw new InvalidOperationException(
            "The tokens differ with the cache and without: expected the same.");

        double[] cached = new double[Turns], whole = new double[Turns];
        for (int turn = 0; turn < Turns; turn++) (cached[turn], whole[turn]) =
            (Draw(generator, true).Seconds, Draw(generator, false).Seconds);
        Array.Sort(cached);
        Array.Sort(whole);
        Table table = new Table().AddColumns("256 tokens", "Best, ms", "Median, ms").RightAligned(1, 2);
        table.AddRow("with the cache", $"{1e3 * cached[0]:F1}", $"{1e3 * cached[Turns / 2]:F1}");
        table.AddRow("without", $"{1e3 * whole[0]:F1}", $"{1e3 * whole[Turns / 2]:F1}");
        table.AddRow("ratio", $"{whole[0] / cached[0]:F1}", $"{whole[Turns / 2] / cached[Turns / 2]:F1}");
        AnsiConsole.Write(table);
    }

    private static (int[] Tokens, double Seconds) Draw(TextGenerator generator, bool useCache)
    {
        long start = Stopwatch.GetTimestamp();
        int[] tokens = generator.Continue([0], Tokens - 1, new TokenSampling(), new RandomStream(1), useCache);
        return (tokens, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
