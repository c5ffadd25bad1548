using System.CommandLine;
using System.Globalization;
using Engine.Bench.Builds;
using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary><c>pair</c>: the kernels of two builds of this program, in turns in one process.</summary>
internal static class PairCommand
{
    internal static Command Create()
    {
        Argument<string> before = new("before") { Description = "The folder with the older build's Engine.Bench.dll." };
        Argument<string> after = new("after") {
            Description = "The folder with the newer one's; this build's where it is not given.",
            DefaultValueFactory = _ => AppContext.BaseDirectory };
        Option<string[]> filter = new("--filter") {
            Description = "Only the kernels whose name and parameters contain all words of one of these; several can be given.",
            DefaultValueFactory = _ => [""] };
        Option<int> rounds = new("--rounds") { Description = "How often the arrays are made anew.", DefaultValueFactory = _ => 5 };
        Option<int> turns = new("--turns") { Description = "Turns of both in a round.", DefaultValueFactory = _ => 30 };
        Option<int> threads = new("--threads") { Description = "Threads of the device.", DefaultValueFactory = _ => 1 };
        foreach (Option<int> count in (Option<int>[])[rounds, turns, threads]) count.Validators.Add(found =>
        {
            if (found.GetValue(count) < 1) found.AddError($"{count.Name} must be at least 1, was {found.GetValue(count)}.");
        });
        Command command = new("pair", "Times the kernels of another build beside this one's, in turns in one process.") {
            before, after, filter, rounds, turns, threads };
        command.SetAction(parsed => Run(
            parsed.GetValue(before)!, parsed.GetValue(after)!, parsed.GetValue(filter)!, parsed.GetValue(rounds), parsed.GetValue(turns),
            parsed.GetValue(threads)));
        return command;
    }

    private static int Run(string beforeFolder, string afterFolder, string[] filters, int rounds, int turns, int threads)
    {
        BuildContext before, after;
        try
        {
            (before, after) = (new BuildContext(beforeFolder), new BuildContext(afterFolder));
        }
        catch (FileNotFoundException missing)
        {
            Console.Error.WriteLine(missing.Message);
            return 1;
        }

        KernelCase[] cases = [.. KernelCase.Of(before, after, threads).Where(one => filters.Any(filter => Matches(one.Name, filter)))];
        if (cases.Length == 0)
        {
            Console.Error.WriteLine($"No kernel matches. There are: {string.Join(", ", after.Benchmarks.Select(type => type.Name))}.");
            return 1;
        }

        Random random = new();
        bool isRight = true;
        Table table = new Table()
            .AddColumns("kernel", "before, us", "after, us", "before / after", "least", "largest").RightAligned(1, 2, 3, 4, 5);
        foreach (KernelCase one in cases)
        {
            Console.Error.WriteLine(one.Name);
            try
            {
                CaseTimes times = one.Measure(rounds, turns, random);
                table.AddRow(
                    one.Name, Number(times.Before, "0.0"), Number(times.After, "0.0"), Number(times.Ratio, "0.00"),
                    Number(times.Least, "0.00"), Number(times.Largest, "0.00"));
            }
            catch (InvalidOperationException wrong)
            {
                isRight = false;
                Console.Error.WriteLine(wrong.Message);
            }
        }

        AnsiConsole.Write(table);
        return isRight ? 0 : 1;

        static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static bool Matches(string name, string words) =>
        words.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));
}
