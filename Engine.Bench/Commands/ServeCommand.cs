using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Engine.Bench.Peers;
using Engine.Bench.Steps;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;

namespace Engine.Bench.Commands;

/// <summary>
/// <c>serve</c>: this program as the peer that <c>steps</c> starts; what Peers/serve.py and torch_steps.py are for PyTorch.
/// </summary>
internal static class ServeCommand
{
    private const int Uncounted = 3;

    internal static Command Create()
    {
        Argument<string> model = new("model") { Description = "What to train." };
        model.AcceptOnlyFromAmong(TrainingSteps.Names);
        Option<int> threads = new("--threads") { Description = "Threads that compute; 0 takes one for each core." };
        Option<string> device = new("--device") {
            Description = "Where to compute; cpu takes --threads.", DefaultValueFactory = _ => "cpu" };
        Command command = new("serve", "Answers requests on standard input with times of the engine's training steps.") {
            model, threads, device };
        command.Hidden = true;
        command.SetAction(parsed => Serve(parsed.GetValue(model)!, parsed.GetValue(threads), parsed.GetValue(device)!));
        return command;
    }

    private static void Serve(string model, int threads, string name)
    {
        using Device device = name == "cpu" ? new CpuDevice(threads) : Device.Open(name);
        using ITrainingStep training = TrainingSteps.Make(model, device);
        Say(new PeerMessage { Name = "Engine", Losses = training.Step() });
        Window(training, 1);
        Say(new PeerMessage { Note = device.Description });
        while (Console.In.ReadLine() is { } line)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Say(words switch
            {
                ["run", var seconds, ..] => Window(training, double.Parse(seconds, CultureInfo.InvariantCulture)),
                ["memory"] => new PeerMessage { PeakMb = Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 20) },
                _ => new PeerMessage { Error = $"unknown request '{line}'" },
            });
        }
    }

    private static PeerMessage Window(ITrainingStep training, double seconds)
    {
        double[] losses = [];
        for (int i = 0; i < Uncounted; i++) losses = training.Step();
        List<double> times = [];
        long before = Stopwatch.GetTimestamp();
        long end = before + (long)(seconds * Stopwatch.Frequency);
        while (before < end)
        {
            losses = training.Step();
            long after = Stopwatch.GetTimestamp();
            times.Add(Stopwatch.GetElapsedTime(before, after).TotalMilliseconds);
            before = after;
        }

        return new PeerMessage { TimesMs = [.. times], Losses = losses };
    }

    private static void Say(PeerMessage message)
    {
        Console.Out.WriteLine(message.ToLine());
        Console.Out.Flush();
    }
}
