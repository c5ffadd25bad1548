using System.CommandLine;
using Engine.Bench.Machine;
using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary><c>ceilings</c>: what the machine can do at most.</summary>
internal static class CeilingsCommand
{
    private static readonly (string Name, long BytesPerThread)[] s_sets =
    [
        ("16 KiB (L1)", 16 << 10), ("512 KiB (L2)", 512 << 10), ("4 MiB (L3)", 4 << 20), ("256 MiB (memory)", 256 << 20),
    ];

    internal static Command Create()
    {
        Command command = new("ceilings", "Multiply-adds and bytes a second that loops reach which do nothing else.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        int[] threadCounts = Environment.ProcessorCount > 1 ? [1, Environment.ProcessorCount] : [1];
        Table table = new Table().AddColumns("What", "Working set a thread", "Threads", "Best", "Median").RightAligned(2, 3, 4);
        foreach (int bits in FmaLoop.Widths)
        {
            foreach (int threads in threadCounts)
            {
                Rate rate = Ceilings.Flops(bits, threads);
                table.AddRow($"fused multiply-add, {bits} bit", "registers", $"{threads}", $"{rate.Best / 1e9:F1} GFLOP/s",
                    $"{rate.Median / 1e9:F1} GFLOP/s");
            }
        }

        foreach (Traffic kind in Enum.GetValues<Traffic>())
        {
            foreach ((string name, long bytes) in s_sets)
            {
                foreach (int threads in threadCounts)
                {
                    Rate rate = Ceilings.Bandwidth(kind, bytes * threads, threads);
                    table.AddRow(Name(kind), name, $"{threads}", $"{rate.Best / 1e9:F1} GB/s", $"{rate.Median / 1e9:F1} GB/s");
                }
            }
        }

        AnsiConsole.Write(table);
    }

    private static string Name(Traffic kind) => kind switch
    {
        Traffic.Read => "read",
        Traffic.Copy => "copy",
        _ => "copy, streaming stores",
    };
}
