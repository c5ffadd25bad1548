using System.CommandLine;
using Engine.Kernels;
using Engine.Models.Data;

namespace Engine.Models.Training;

/// <summary>
/// The frame of a training program: reads its options, opens the device, shows progress, stops cleanly on Ctrl+C, and turns what a user can mend
/// into one sentence and exit code 1. Any other exception is a mistake in a program: it is shown with its stack trace, and the exit code is 1.
/// </summary>
public static class TrainingProgram
{
    /// <summary>Runs a program.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="info">Its name and defaults.</param>
    /// <param name="train">What it does; it asks <see cref="TrainingRun"/> for all that the options decide.</param>
    /// <param name="options">Options of its own, beside the common ones; read them with <see cref="TrainingRun.Option{T}"/>.</param>
    /// <returns>The exit code: 0 when it finished or was stopped by Ctrl+C, 1 when something was wrong.</returns>
    public static int Run(string[] args, ProgramInfo info, Action<TrainingRun> train, params ReadOnlySpan<Option> options) =>
        Run(args, info, train, CancellationToken.None, options);

    /// <summary>Runs a program that stops at a signal of the caller's as it does at Ctrl+C.</summary>
    internal static int Run(string[] args, ProgramInfo info, Action<TrainingRun> train, CancellationToken interrupt, params ReadOnlySpan<Option> options)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(train);
        TrainingOptions common = new(info);
        RootCommand command = new(info.Description);
        foreach (Option option in common.All) command.Options.Add(option);
        foreach (Option option in options) command.Options.Add(option);
        command.SetAction(parsed => Train(info, common, parsed, train, interrupt));

        ParseResult result = command.Parse(args);
        if (result.Errors.Count == 0) return result.Invoke();
        foreach (string message in result.Errors.Select(error => error.Message).Distinct()) Fail(info, message);
        Console.Error.WriteLine("--help lists the options (behind dotnet run: -- --help).");
        return 1;
    }

    /// <summary>An option for a decay or a probability: a number of at least 0 and less than 1; anything else is refused with a sentence.</summary>
    /// <param name="name">The option's name, such as <c>--beta1</c>.</param>
    /// <param name="description">What <c>--help</c> says of it.</param>
    /// <param name="value">The default.</param>
    public static Option<double> DecayOption(string name, string description, double value) => TrainingOptions.Decay(name, description, value);

    private static int Train(ProgramInfo info, TrainingOptions options, ParseResult parsed, Action<TrainingRun> train, CancellationToken interrupt)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupt);
        void OnCancel(object? sender, ConsoleCancelEventArgs e)
        {
            // The first Ctrl+C asks the run to end after its step; a second one ends the process.
            e.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }

        Console.CancelKeyPress += OnCancel;
        try
        {
            using TrainingRun run = new(info, options, parsed, stop.Token);
            run.Progress.Run(() => train(run));
            run.Finish();
            return 0;
        }
        catch (Exception e) when (e is DataException or DeviceException or IOException or UnauthorizedAccessException)
        {
            Fail(info, e.Message);
            return 1;
        }
        catch (OutOfMemoryException e)
        {
            Fail(info, $"There is not enough memory for --batch {parsed.GetValue(options.Batch)}: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.WriteLine("Stopped.");
            return 0;
        }
        finally
        {
            Console.CancelKeyPress -= OnCancel;
        }
    }

    private static void Fail(ProgramInfo info, string message) => Console.Error.WriteLine($"{info.Name}: {message}");
}
