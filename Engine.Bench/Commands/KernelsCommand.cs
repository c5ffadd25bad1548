using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Engine.Bench.Kernels;
using Perfolizer.Horology;

namespace Engine.Bench.Commands;

/// <summary><c>kernels</c>: BenchmarkDotNet over the kernels, each held against the machine's ceiling.</summary>
internal static class KernelsCommand
{
    internal static Command Create()
    {
        Option<string> filter = new("--filter") {
            Description = "Only the benchmarks whose name or parameters contain this; * stands for anything.",
            DefaultValueFactory = _ => "" };
        Option<bool> brief = new("--short") {
            Description = "Three short iterations each, to see that everything works: the numbers are rough." };
        Command command = new("kernels", "Times every kernel with BenchmarkDotNet, as rate and as share of the machine's ceiling.") {
            filter, brief };
        command.SetAction(parsed => Run(parsed.GetValue(filter)!, parsed.GetValue(brief)));
        return command;
    }

    private static int Run(string filter, bool brief)
    {
        Type[] types = [.. typeof(KernelBenchmark).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(KernelBenchmark)) && !type.IsAbstract).OrderBy(type => type.Name)];
        ManualConfig config = Config(brief).AddFilter(new GlobFilter([$"*{filter}*"]));
        BenchmarkRunInfo[] runs =
            [.. types.Select(type => BenchmarkConverter.TypeToBenchmarks(type, config)).Where(run => run.BenchmarksCases.Length > 0)];
        if (runs.Length == 0)
        {
            Console.Error.WriteLine($"No benchmark matches '{filter}'. There are: {string.Join(", ", types.Select(type => type.Name))}.");
            return 1;
        }

        Summary[] summaries = BenchmarkRunner.Run(runs);
        foreach (Summary summary in summaries)
        {
            Console.WriteLine($"{Environment.NewLine}## {summary.BenchmarksCases[0].Descriptor.Type.Name}{Environment.NewLine}");
            MarkdownExporter.Console.ExportToLog(summary, ConsoleLogger.Default);
        }

        string[] failed = [.. summaries.SelectMany(
            summary => summary.ValidationErrors.Where(error => error.IsCritical).Select(error => error.Message)
            .Concat(summary.Reports.Where(report => !report.Success).Select(report => $"{report.BenchmarkCase.DisplayInfo} failed"))
            .Concat(WorkColumn.Beyond(summary)))];
        foreach (string failure in failed) Console.Error.WriteLine(failure);
        return failed.Length == 0 ? 0 : 1;
    }

    private static ManualConfig Config(bool brief)
    {
        // In this process: a build and a process for each of some hundred cases would take longer than the measurements, and kernels leave
        // nothing to the garbage collector that cases would have to be kept apart for. Setup runs them until they are fully compiled.
        Job job = Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(brief ? 1 : 3)
            .WithIterationCount(brief ? 3 : 11)
            .WithIterationTime(TimeInterval.FromMilliseconds(brief ? 20 : 100))
            .WithUnrollFactor(1)
            .WithEvaluateOverhead(false);
        return ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddLogger(new ErrorsOnly())
            .AddEventProcessor(new ProgressLine())
            .AddColumnProvider(DefaultColumnProviders.Params)
            .AddColumn(StatisticColumn.Median, StatisticColumn.Min)
            .AddColumn(WorkColumn.All)
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40))
            .WithOptions(ConfigOptions.DisableLogFile);
    }
}
