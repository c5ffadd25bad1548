using System.CommandLine;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Checks;
using Engine.Kernels;
using Engine.Models.Data;

namespace Engine.Models.Training;

/// <summary>
/// The frame of a training program: reads its options, opens the device, shows progress, stops cleanly on Ctrl+C and SIGTERM (in training,
/// and in whatever is measured and drawn with <see cref="TrainingRun.Stopping"/>), and turns what a user can correct into one sentence and
/// exit code 1, which names the last checkpoint where a device fails in the middle of training. Any other exception is a mistake in a
/// program: it is shown with its stack trace, and the exit code is 1.
/// </summary>
public static class TrainingProgram
{
    /// <summary>Runs a program.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="info">Its name and its defaults.</param>
    /// <param name="train">The training itself; it takes what the options decide from <see cref="TrainingRun"/>.</param>
    /// <param name="options">Options of its own, beside the common ones; read them with <see cref="TrainingRun.Option{T}"/>.</param>
    /// <remarks>
    /// Where an option of sizes is above its default, the training is run on devices that only count memory first, up to the end of its
    /// first step, and refused if that would take more than there is: what it does beside its work on the run is then done more than once.
    /// </remarks>
    /// <returns>
    /// The exit code: 0 when it finished or was stopped by Ctrl+C or SIGTERM, 1 when something was wrong, the standard output included.
    /// </returns>
    public static int Run(string[] args, ProgramInfo info, Action<TrainingRun> train, params ReadOnlySpan<Option> options) =>
        Run(args, info, train, CancellationToken.None, options);

    /// <summary>Runs a program that stops at a signal of the caller's as it does at Ctrl+C.</summary>
    internal static int Run(
        string[] args, ProgramInfo info, Action<TrainingRun> train, CancellationToken interrupt, params ReadOnlySpan<Option> options)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(train);
        TrainingCommandLine common = new(info);
        RootCommand command = new(common.Description);
        foreach (Option option in options) command.Options.Add(option);
        foreach (Option option in common.All) command.Options.Add(option);
        command.SetAction(parsed => Train(info, common, new ParsedCommandLine(command.Options, parsed, args), train, interrupt));

        ParseResult result = command.Parse(args);
        if (result.Errors.Count == 0) return StandardOutput.During(() => result.Invoke(), message => Fail(info, message));
        foreach (string message in result.Errors.Select(error => error.Message).Distinct()) Fail(info, message);
        Console.Error.WriteLine("--help lists the options (after dotnet run: -- --help).");
        return 1;
    }

    private static int Train(
        ProgramInfo info, TrainingCommandLine options, ParsedCommandLine command, Action<TrainingRun> train, CancellationToken interrupt)
    {
        try
        {
            // A guard reads ENGINE_GUARD: a mistake there is told before anything is loaded or trained.
            new FiniteGuard().Dispose();
        }
        catch (ArgumentException e)
        {
            Fail(info, e.Message);
            return 1;
        }

        try
        {
            _ = Environment.CurrentDirectory;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(info, $"The working directory cannot be found ({e.Message.TrimEnd('.')}): change to one that exists.");
            return 1;
        }

        using StopSignal stop = new(interrupt);
        TrainingRun? run = null;
        try
        {
            using (run = new TrainingRun(info, options, command, stop.Token))
            {
                run.Output.PrepareIfThere();
                try
                {
                    run.Progress.Run(() =>
                    {
                        MemoryForecast.Check(run, train);
                        train(run);
                    });
                }
                catch (OperationCanceledException) when (stop.Token.IsCancellationRequested && run.HasBegun)
                {
                    // What was being measured or drawn is left out; what was trained, written and recorded is kept and reported.
                }

                run.Finish(stop.Reason);
            }

            return 0;
        }
        catch (NonFiniteException e)
        {
            Fail(info, e.Message);
            if (run?.LastCheckpoint is { } checkpoint) Console.Error.WriteLine($"The last checkpoint is from before that: {checkpoint}.");
            return 1;
        }
        catch (DeviceException e)
        {
            Fail(info, e.Message);
            PrintLastCheckpoint(run);
            return 1;
        }
        catch (Exception e) when (e is DataException or CheckpointException or IOException or UnauthorizedAccessException)
        {
            Fail(info, e.Message);
            return 1;
        }
        catch (OutOfMemoryException e)
        {
            Option heaviest = run is null ? options.Batch : MemoryForecast.Heaviest(run, options.Batch);
            Fail(info, $"There is not enough memory for {heaviest.Name} {command.Value(heaviest)}: {e.Message}");
            PrintLastCheckpoint(run);
            return 1;
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            Console.WriteLine("Stopped.");
            return 0;
        }
    }

    // What was trained is not lost with the device or the memory that it was trained in.
    private static void PrintLastCheckpoint(TrainingRun? run)
    {
        if (run?.LastCheckpoint is { } checkpoint) Console.Error.WriteLine(
            $"The last checkpoint is intact: {checkpoint}. To resume: {run.ToResume}");
    }

    private static void Fail(ProgramInfo info, string message)
    {
        try
        {
            Console.Error.WriteLine($"{info.Name}: {message}");
        }
        catch (IOException)
        {
            // The exit code says it too.
        }
    }
}
