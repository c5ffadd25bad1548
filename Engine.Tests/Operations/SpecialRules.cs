using System.Globalization;
using System.Text;

namespace Engine.Tests.Operations;

/// <summary>
/// What operations without a row of their own in the table of special values do with one NaN or one infinity among their arguments, found
/// by trying: what becomes of the elements of the result that depend on that argument, as other values in its place show.
/// </summary>
internal static class SpecialRules
{
    private const string Header = "| operation | NaN | infinity | kinks | empty |\n|---|---|---|---|---|\n";

    /// <summary>Operations without an argument that could be NaN.</summary>
    private static readonly string[] s_without = ["Tensor.OneHot"];

    /// <summary>The operations of rows that are written by hand, under the names of the registry.</summary>
    private static readonly HashSet<string> s_byHand =
    [
        .. ExtremeNaNCases.All.Select(c => $"Tensor.{c.Operation.Split('(', ' ')[0]}"),
        .. OperationNames.All.Where(name => name.StartsWith("Tensor.operator", StringComparison.Ordinal)),
    ];

    internal static IEnumerable<string> Operations => OperationNames.All.Where(name => !s_byHand.Contains(name) && !s_without.Contains(name)
        && CasesOf(name).Any());

    /// <summary>The table as it is found.</summary>
    internal static string Write()
    {
        StringBuilder text = new(Header);
        foreach (string operation in Operations) text.Append(CultureInfo.InvariantCulture, $"| `{operation}` |{Row(operation)}\n");
        return text.Replace("  |", " |").ToString();
    }

    internal static string In(string page) => SpecialValueTable.In(page, Header);

    private static string Row(string operation)
    {
        OperationCase[] cases = [.. CasesOf(operation)];
        string kinks = string.Join("; ", cases.Select(c => c.Kinks).Where(kink => kink.Length > 0).Distinct());
        return $" {Reach(cases, double.NaN)} | {Reach(cases, double.PositiveInfinity)} | {kinks} | {Empty(operation)} |";
    }

    /// <summary>Cases with an argument in which a NaN can stand, the smaller ones first.</summary>
    private static IEnumerable<OperationCase> CasesOf(string operation) => OperationRegistry.Cases
        .Where(c => c.Operation == operation && c.IsTiny && c.Inputs.Any(input => !input.IsIndex && input.Shape.Count > 1))
        .OrderBy(c => c.Inputs.Sum(input => input.Shape.Count)).Take(4);

    /// <summary>What a special value in the middle of each argument makes of the elements that depend on it.</summary>
    private static string Reach(OperationCase[] cases, double special)
    {
        SortedSet<string> found = new(StringComparer.Ordinal);
        foreach (OperationCase c in cases)
        {
            double[][] values = c.Values();
            double[] usual = Run(c, values)!;
            for (int input = 0; input < values.Length; input++)
            {
                if (c.Inputs[input].IsIndex || values[input].Length == 0) continue;
                int place = values[input].Length / 2;
                double[]? reached = Run(c, With(values, input, place, special));
                if (reached is null)
                {
                    found.Add("refused");
                    continue;
                }

                bool[] depends = Depends(c, values, usual, input, place);
                for (int i = 0; i < usual.Length; i++)
                    if (depends[i]) found.Add(double.IsNaN(reached[i]) ? "NaN" : double.IsInfinity(reached[i]) ? "infinity" : "finite");
            }
        }

        return string.Join(", ", found);
    }

    /// <summary>Which elements of the result other values in a place change.</summary>
    private static bool[] Depends(OperationCase c, double[][] values, double[] usual, int input, int place)
    {
        bool[] depends = new bool[usual.Length];
        Random random = new(5);
        for (int trial = 0; trial < 6; trial++)
        {
            double[]? other = Run(c, With(values, input, place, c.Inputs[input].Values(random)[place]));
            for (int i = 0; other is not null && i < usual.Length; i++) depends[i] |= !other[i].Equals(usual[i]);
        }

        return depends;
    }

    private static string Empty(string operation)
    {
        OperationCase? empty = OperationRegistry.Cases.FirstOrDefault(
            c => c.Operation == operation && c.Inputs.Any(input => !input.IsIndex && input.Shape.Count == 0));
        if (empty is null) return "";
        double[] result = Run(empty, empty.Values())!;
        return result.Length == 0 ? "empty" : result.Distinct().Count() > 1 ? "the other parts"
            : result[0].ToString(CultureInfo.InvariantCulture);
    }

    private static double[][] With(double[][] values, int input, int place, double value)
    {
        double[][] changed = [.. values.Select(x => (double[])[.. x])];
        changed[input][place] = value;
        return changed;
    }

    /// <summary>The result in float64; null where the arguments are refused.</summary>
    private static double[]? Run(OperationCase c, double[][] values)
    {
        using Tape tape = new(OperationDevices.Cpu, record: false);
        try
        {
            return c.Function(c.Tensors(tape, values, DType.Float64)).ToDoubles();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

public sealed class SpecialRuleTests
{
    [Fact]
    public void Every_operation_has_a_row_of_its_own_or_is_found_by_trying()
    {
        string page = File.ReadAllText(SpecialValueTable.Path), table = SpecialRules.Write();
        if (Environment.GetEnvironmentVariable("ENGINE_WRITE_DOCS") == "1")
            File.WriteAllText(SpecialValueTable.Path, page = page.Replace(SpecialRules.In(page), table, StringComparison.Ordinal));
        Assert.Equal(table, SpecialRules.In(page));
    }
}
