using System.CommandLine;
using System.Globalization;
using Engine.Bench.Machine;
using Engine.Bench.Peers;
using Engine.Bench.Steps;
using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary><c>steps</c>: training steps of the engine, of PyTorch and of libtorch under TorchSharp, in turns.</summary>
internal static class StepsCommand
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    internal static Command Create()
    {
        Option<string> model = new("--model")
        {
            Description = "Whose training step; docs/benchmarks.md describes them.",
            DefaultValueFactory = _ => "gan",
        };
        model.AcceptOnlyFromAmong(TrainingSteps.Names);
        Option<int> threads = PeerOptions.Threads();
        Option<string> device = new("--device") {
            Description = "Where both compute: cpu, with --threads, or cuda:N.", DefaultValueFactory = _ => "cpu" };
        Option<string> python = PeerOptions.Python("python3");
        Option<string> torchSharp = PeerOptions.TorchSharp();
        Option<int> windows = PeerOptions.Count("--windows", "Windows of measurement for each.", 12);
        Option<double> seconds = PeerOptions.Seconds("The length of a window.", 0.5);
        Option<bool> compile = new("--compile") {
            Description = "Let PyTorch try torch.compile too, which takes it minutes and needs a C++ compiler with PyTorch's headers." };
        Command command = new("steps", "Times whole training steps beside PyTorch's and libtorch's, in windows that take turns.") {
            model, threads, device, python, torchSharp, windows, seconds, compile };
        command.SetAction(parsed => Run(
            parsed.GetValue(model)!, parsed.GetValue(threads), parsed.GetValue(device)!,
            PeerOptions.Rivals(parsed.GetValue(python)!, "torch_steps.py", parsed.GetValue(torchSharp)!, "steps"), parsed.GetValue(compile),
            parsed.GetValue(windows), parsed.GetValue(seconds)));
        return command;
    }

    private static int Run(
        string model, int threads, string device, IEnumerable<(string Name, Func<string[], Peer> Start)> rivals, bool compile, int windows,
        double seconds)
    {
        // PyTorch is told the device with the threads. libtorch's package here is for the CPU.
        string count = threads.ToString(CultureInfo.InvariantCulture), place = device == "cpu" ? count : $"{count}@{device}";
        List<Peer> peers = [];
        try
        {
            // Before the engine is started: what is tried here would take turns with nothing.
            List<(Func<Peer?> Start, string Way)> found = [];
            foreach ((string Name, Func<string[], Peer> Start) rival in rivals)
            {
                string[] search = [model, place, "find", .. compile && rival.Name == "PyTorch" ? ["compile"] : Array.Empty<string>()];
                using Peer? fastest = PeerOptions.TryStart(rival, search);
                if (fastest?.First.Note is { } way) found.Add((() => PeerOptions.TryStart(rival, model, place, way), way));
            }

            peers.Add(Peer.StartEngine("serve", model, "--threads", count, "--device", device));
            List<StepResult> parties = [new(peers[0], peers[0].Read().Note ?? "")];
            foreach ((Func<Peer?> start, string way) in found)
            {
                if (start() is not { } peer) continue;
                peers.Add(peer);
                parties.Add(new StepResult(peer, way.Replace('/', ' ')));
            }

            foreach (StepResult party in parties) parties[0].CheckFirstLosses(party);
            for (int i = 0; i < windows; i++)
            {
                foreach (StepResult party in parties)
                {
                    // A pause, so that the threads of the one that was measured have gone to sleep.
                    Thread.Sleep(s_pause);
                    party.Measure(seconds);
                }
            }

            foreach (StepResult party in parties) party.Finish();
            Print(model, device == "cpu" ? $"{threads} thread{(threads == 1 ? "" : "s")}" : device, parties);
            return 0;
        }
        catch (PeerException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
        finally
        {
            foreach (Peer peer in peers) peer.Dispose();
        }
    }

    private static void Print(string model, string place, List<StepResult> parties)
    {
        Table table = new Table().AddColumn($"{model}, {place}");
        foreach (StepResult party in parties) table.AddColumn(party.Name, column => column.RightAligned());
        table.RightAligned();
        Row("step, median", party => $"{Sample.Median(party.Times):F3} ms");
        Row("step, 10th percentile", party => $"{Sample.Quantile(party.Times, 0.1):F3} ms");
        Row("median of windows, from .. to", party => $"{party.Medians.Min():F3} .. {party.Medians.Max():F3} ms");
        Row("steps measured", party => $"{party.Times.Count()}");
        Row("peak memory", party => $"{party.PeakMemory:F0} MB");
        Row("start to first step", party => $"{party.SecondsToFirst:F2} s");
        Row("losses of the first step", party => StepResult.Text(party.FirstLosses));
        Row("losses of the last step", party => StepResult.Text(party.LastLosses));
        Row("how", party => party.Note);
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"Processor: {Processor.Name}");
        foreach (StepResult other in parties.Skip(1))
        {
            double[] ratios = [.. parties[0].Medians.Zip(other.Medians, (mine, its) => its / mine)];
            AnsiConsole.WriteLine(
                $"Engine's speed over that of {other.Name}: {Sample.Median(ratios):F2} (median of {ratios.Length} pairs of windows; "
                + $"{ratios.Min():F2} .. {ratios.Max():F2})");
        }

        void Row(string what, Func<StepResult, string> value) => table.AddRow([what, .. parties.Select(value)]);
    }
}
