using System.CommandLine;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Models.Data;

namespace Engine.Models.Training;

/// <summary>
/// Runs a program that trains no model, such as one that draws from a trained one: reads its command line, tells errors in a sentence,
/// and stops at Ctrl+C.
/// </summary>
public static class PlainProgram
{
    /// <summary>Runs the program.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="name">The name of the program, for messages.</param>
    /// <param name="description">A sentence for <c>--help</c>.</param>
    /// <param name="work">What it does, with the values of its options and what cancels it.</param>
    /// <param name="symbols">Its options and arguments.</param>
    /// <returns>The exit code: 0 where it went well or was stopped, 1 where something is told on the standard error output.</returns>
    public static int Run(
        string[] args, string name, string description, Action<ParseResult, CancellationToken> work, params IReadOnlyList<Symbol> symbols)
    {
        ArgumentNullException.ThrowIfNull(work);
        RootCommand command = new(description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument) command.Arguments.Add(argument);
            else if (symbol is Option option) command.Options.Add(option);
        }

        command.SetAction(parsed => Work(parsed));
        ParseResult result = command.Parse(args);
        if (result.Errors.Count == 0) return StandardOutput.During(() => result.Invoke(), Fail);
        foreach (string message in result.Errors.Select(error => error.Message).Distinct()) Fail(message);
        Console.Error.WriteLine("--help lists the options (after dotnet run: -- --help).");
        return 1;

        int Work(ParseResult parsed)
        {
            using StopSignal stop = new(CancellationToken.None);
            try
            {
                work(parsed, stop.Token);
                return 0;
            }
            catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
            {
                Console.WriteLine("Stopped.");
                return 0;
            }
            catch (Exception e) when (
                e is DataException or CheckpointException or DeviceException or IOException or UnauthorizedAccessException)
            {
                Fail(e.Message);
                return 1;
            }
        }

        void Fail(string message) => Console.Error.WriteLine($"{name}: {message}");
    }
}
