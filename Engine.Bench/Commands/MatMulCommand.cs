using System.CommandLine;
using System.Diagnostics;
using Engine.Bench.Kernels;
using Engine.Bench.Machine;
using Engine.Bench.Peers;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Gemm;
using Engine.Kernels.Norms;
using Engine.Kernels.RandomNumbers;
using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary><c>matmul</c>: matrix products beside the multiply-add ceiling and, where there are any, peers; all in turns.</summary>
internal static class MatMulCommand
{
    internal static Command Create()
    {
        Option<int> threads = PeerOptions.Threads();
        Option<string> python = PeerOptions.Python(null);
        Option<string> torchSharp = PeerOptions.TorchSharp();
        Option<int> rounds = PeerOptions.Count("--rounds", "Turns of each measurement.", 15);
        Option<double> seconds = PeerOptions.Seconds("The length of a turn.", 0.03);
        Command command = new("matmul", "A quick table of matrix products, as rate and share of the ceiling.") {
            threads, python, torchSharp, rounds, seconds };
        command.SetAction(parsed => Run(
            parsed.GetValue(threads),
            PeerOptions.Rivals(parsed.GetValue(python)!, "torch_matmul.py", parsed.GetValue(torchSharp)!, "matmul"),
            parsed.GetValue(rounds), parsed.GetValue(seconds)));
        return command;
    }

    private static int Run(int threads, IEnumerable<(string Name, Func<string[], Peer> Start)> rivals, int rounds, double seconds)
    {
        using CpuDevice device = new(threads);
        List<Peer> peers = [.. rivals.Select(rival => PeerOptions.TryStart(rival, $"{threads}")).OfType<Peer>()];
        try
        {
            return Run(device, peers, rounds, seconds);
        }
        finally
        {
            foreach (Peer peer in peers) peer.Dispose();
        }
    }

    private static int Run(CpuDevice device, List<Peer> peers, int rounds, double seconds)
    {
        Table table = new Table().AddColumns("M", "N", "K", "Form", "Engine GFLOP/s", "Ceiling GFLOP/s", "Share")
            .RightAligned(0, 1, 2, 4, 5, 6);
        for (int i = 0; i < peers.Count; i++)
            table.AddColumns($"{peers[i].First.Name} GFLOP/s", "Engine / it").RightAligned(7 + (2 * i), 8 + (2 * i));
        List<string> beyond = [];
        FmaJob ceiling = FmaJob.Calibrated(device, FmaLoop.Widest);
        foreach ((MatMulShape shape, string form) in Shapes())
        {
            List<double> ours = [], limits = [];
            List<double>[] theirs = [.. peers.Select(_ => new List<double>())];
            using Product product = new(device, shape);
            for (int i = 0; i < rounds; i++)
            {
                // A peer's threads watch for more work for some milliseconds after their turn.
                if (peers.Count > 0) Thread.Sleep(30);
                limits.Add(ceiling.Rate(device, seconds));
                ours.Add(product.Rate(seconds));
                for (int p = 0; p < peers.Count; p++)
                {
                    if (p > 0) Thread.Sleep(30);
                    double[] times = peers[p].Run(seconds, $"{shape.M} {shape.N} {shape.K} {form}").TimesMs ?? [];
                    theirs[p].Add(2e3 * shape.MultiplyAdds / Sample.Median(times));
                }
            }

            List<string> cells =
            [
                $"{shape.M}", $"{shape.N}", $"{shape.K}", form, $"{Sample.Median(ours) / 1e9:F1}", $"{Sample.Median(limits) / 1e9:F1}",
                $"{Share(ours, limits):P0}",
            ];
            foreach (List<double> its in theirs) cells.AddRange($"{Sample.Median(its) / 1e9:F1}", $"{Share(ours, its):F2}");
            table.AddRow([.. cells]);
            if (Share(ours, limits) > 1) beyond.Add($"{shape.M} x {shape.N} x {shape.K} {form}");
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"Processor: {Processor.Name}");
        if (beyond.Count == 0) return 0;
        Console.Error.WriteLine(
            $"Shares of more than 100 %, of {string.Join(", ", beyond)}: the ceiling was measured while something else slowed the machine. "
            + "The table is not to be quoted.");
        return 1;
    }

    /// <summary>The median of the ratios, each of one turn: what slows the machine for a while slows both.</summary>
    private static double Share(List<double> of, List<double> over) => Sample.Median(of.Zip(over, (a, b) => a / b));

    private static IEnumerable<(MatMulShape Shape, string Form)> Shapes()
    {
        foreach (int size in new[] { 512, 768, 1024, 1536, 2048 }) yield return (new MatMulShape(size, size, size), "NN");
        foreach ((int inputs, int outputs) in GanShapes.Layers)
            foreach (string form in new[] { "NN", "NT", "TN" }) yield return (GanShapes.Product(inputs, outputs, form), form);
    }

    /// <summary>One product with its matrices; the values are checked when it is made.</summary>
    private sealed class Product : IDisposable
    {
        private readonly MatMulShape _shape;
        private readonly Storage _a, _b, _c;

        internal Product(CpuDevice device, MatMulShape shape)
        {
            _shape = shape;
            _a = device.Allocate(DType.Float32, (int)shape.LengthA);
            _b = device.Allocate(DType.Float32, (int)shape.LengthB);
            _c = device.Allocate(DType.Float32, (int)shape.LengthC);
            RandomStream random = new(1);
            RandomUniform.Run(_a, -1, 1, random.Key, random.Reserve(_a.Length));
            RandomUniform.Run(_b, -1, 1, random.Key, random.Reserve(_b.Length));
            MatMul.Run(_a, _b, _c, _shape);
            MatMulCheck.Run(_a, _b, _c, _shape);
        }

        /// <summary>Operations a second of the median call of a turn, after three that bring the matrices back into the caches.</summary>
        internal double Rate(double seconds)
        {
            for (int i = 0; i < 3; i++) MatMul.Run(_a, _b, _c, _shape);
            List<double> times = [];
            long before = Stopwatch.GetTimestamp();
            long end = before + (long)(seconds * Stopwatch.Frequency);
            while (before < end)
            {
                MatMul.Run(_a, _b, _c, _shape);
                long after = Stopwatch.GetTimestamp();
                times.Add(Stopwatch.GetElapsedTime(before, after).TotalSeconds);
                before = after;
            }

            return 2.0 * _shape.MultiplyAdds / Sample.Median(times);
        }

        public void Dispose()
        {
            _a.Release();
            _b.Release();
            _c.Release();
        }
    }
}
