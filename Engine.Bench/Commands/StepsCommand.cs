using System.CommandLine;
using System.Globalization;
using Engine.Bench.Machine;
using Engine.Bench.Peers;
using Engine.Bench.Steps;
using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary><c>steps</c>: training steps of the engine and of PyTorch, in turns.</summary>
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
        Option<int> windows = PeerOptions.Count("--windows", "Windows of measurement for each.", 12);
        Option<double> seconds = PeerOptions.Seconds("The length of a window.", 0.5);
        Option<bool> compile = new("--compile") {
            Description = "Let PyTorch try torch.compile too, which takes it minutes and needs a C++ compiler with PyTorch's headers." };
        Command command = new("steps", "Times whole training steps beside PyTorch's, in windows that take turns.") {
            model, threads, device, python, windows, seconds, compile };
        command.SetAction(parsed => Run(
            parsed.GetValue(model)!, parsed.GetValue(threads), parsed.GetValue(device)!, parsed.GetValue(python)!, parsed.GetValue(compile),
            parsed.GetValue(windows), parsed.GetValue(seconds)));
        return command;
    }

    private static int Run(string model, int threads, string device, string python, bool compile, int windows, double seconds)
    {
        // PyTorch is told the device with the threads.
        string count = threads.ToString(CultureInfo.InvariantCulture), place = device == "cpu" ? count : $"{count}@{device}";
        try
        {
            // Before the engine is started: what is tried here would take turns with nothing.
            string? variant = FindVariant(python, compile, model, place);
            using Peer engine = Peer.StartEngine("serve", model, "--threads", count, "--device", device);
            StepResult ours = new(engine, engine.Read().Note ?? "");
            using Peer? torch = variant is null ? null : PeerOptions.TryStart(python, "torch_steps.py", model, place, variant);
            StepResult? theirs = torch is null ? null : new StepResult(torch, variant!.Replace('/', ' '));
            ours.CheckFirstLosses(theirs);
            for (int i = 0; i < windows; i++)
            {
                // A pause, so that the threads of the one that was measured have gone to sleep.
                Thread.Sleep(s_pause);
                ours.Measure(seconds);
                Thread.Sleep(s_pause);
                theirs?.Measure(seconds);
            }

            ours.Finish();
            theirs?.Finish();
            Print(model, device == "cpu" ? $"{threads} thread{(threads == 1 ? "" : "s")}" : device, ours, theirs);
            return 0;
        }
        catch (PeerException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    /// <summary>
    /// The fastest of the ways in which PyTorch can run the step, found by a process of its own; null where there is no PyTorch.
    /// </summary>
    private static string? FindVariant(string python, bool compile, string model, string threads)
    {
        using Peer? search = PeerOptions.TryStart(
            python, "torch_steps.py", [model, threads, "find", .. compile ? ["compile"] : Array.Empty<string>()]);
        return search?.First.Note;
    }

    private static void Print(string model, string place, StepResult ours, StepResult? theirs)
    {
        StepResult[] parties = theirs is null ? [ours] : [ours, theirs];
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
        if (theirs is null) return;

        double[] ratios = [.. ours.Medians.Zip(theirs.Medians, (mine, other) => other / mine)];
        AnsiConsole.WriteLine(
            $"Engine's speed over PyTorch's: {Sample.Median(ratios):F2} (median of {ratios.Length} pairs of windows; {ratios.Min():F2} "
            + $".. {ratios.Max():F2})");

        void Row(string what, Func<StepResult, string> value) => table.AddRow([what, .. parties.Select(value)]);
    }
}
