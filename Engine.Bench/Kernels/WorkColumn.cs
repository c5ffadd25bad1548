using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Engine.Bench.Kernels;

/// <summary>A column of the results: the rate of a kernel, the ceiling for it, or the share of the ceiling that it reaches.</summary>
/// <param name="name">The heading.</param>
/// <param name="legend">What the numbers mean.</param>
/// <param name="text">From the work of a call, its median time in seconds and the number of threads.</param>
internal sealed class WorkColumn(string name, string legend, Func<Work, double, int, string> text) : IColumn
{
    /// <summary>The three columns. Ceilings are measured when the table is written, after the kernels.</summary>
    internal static IColumn[] All { get; } =
    [
        new WorkColumn("Rate", "operations, or bytes read and written, a second", (work, seconds, _) => Text(work.Amount / seconds, work)),
        new WorkColumn("Ceiling", "what a loop of nothing else reaches, for this working set and these threads",
            (work, _, threads) => Text(work.Ceiling(threads), work)),
        new WorkColumn("Share", "rate / ceiling", (work, seconds, threads) =>
            (work.Amount / seconds / work.Ceiling(threads)).ToString("P0", CultureInfo.InvariantCulture)),
    ];

    public string Id => $"{nameof(WorkColumn)}.{name}";

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, SummaryStyle.Default);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
    {
        if (summary[benchmarkCase]?.ResultStatistics is not { } statistics) return "NA";
        KernelBenchmark benchmark = Of(benchmarkCase);
        return text(benchmark.Work, statistics.Median * 1e-9, benchmark.Threads);
    }

    /// <summary>
    /// What is wrong with a table: rates above their ceiling. The ceiling was then measured while something else slowed the machine.
    /// </summary>
    internal static IEnumerable<string> Beyond(Summary summary)
    {
        foreach (BenchmarkCase one in summary.BenchmarksCases)
        {
            if (summary[one]?.ResultStatistics is not { } statistics) continue;
            KernelBenchmark benchmark = Of(one);
            double share = benchmark.Work.Amount / (statistics.Median * 1e-9) / benchmark.Work.Ceiling(benchmark.Threads);
            if (share > 1 && !benchmark.Work.IsNominal) yield return FormattableString.Invariant(
                $"{one.DisplayInfo}: a share of {share:P0} of the ceiling; the row is not to be quoted.");
        }
    }

    private static KernelBenchmark Of(BenchmarkCase benchmarkCase)
    {
        KernelBenchmark benchmark = (KernelBenchmark)Activator.CreateInstance(benchmarkCase.Descriptor.Type)!;
        benchmarkCase.Parameters.Items.ToList()
            .ForEach(parameter => benchmark.GetType().GetProperty(parameter.Name)!.SetValue(benchmark, parameter.Value));
        return benchmark;
    }

    private static string Text(double perSecond, Work work) =>
        $"{(perSecond / 1e9).ToString("F1", CultureInfo.InvariantCulture)} {work.Unit}";
}
