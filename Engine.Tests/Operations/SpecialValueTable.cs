using System.Globalization;
using System.Text;

namespace Engine.Tests.Operations;

/// <summary>The table of docs/kernels.md that says what each operation does at special values, written from the cases.</summary>
internal static class SpecialValueTable
{
    private const string Header = "| operation | NaN | infinity | equal elements, kinks, 0 | empty |\n|---|---|---|---|---|\n";

    internal static string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(GradCheckDocument.Path)!, "kernels.md");

    /// <summary>The table as the cases have it.</summary>
    internal static string Write()
    {
        StringBuilder text = new(Header);
        foreach (IGrouping<string, SpecialCase> operation in ExtremeNaNCases.All.GroupBy(c => c.Operation))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{operation.Key}` |");
            foreach (Special column in Enum.GetValues<Special>())
                text.Append(CultureInfo.InvariantCulture, $" {string.Join("; ", operation.Where(c => c.Column == column).Select(Cell))} |");
            text.Append('\n');
        }

        return text.Replace("  |", " |").ToString();
    }

    /// <summary>The table in a page.</summary>
    internal static string In(string page) => In(page, Header);

    /// <summary>A table in a page: from its header to the first line that is none of its rows.</summary>
    internal static string In(string page, string header)
    {
        int start = page.IndexOf(header, StringComparison.Ordinal), end = start + header.Length;
        Assert.True(start >= 0, $"The page has no table that begins with {header.Split('\n')[0]}");
        while (end < page.Length && page[end] == '|') end = page.IndexOf('\n', end) + 1;
        return page[start..end];
    }

    internal static string Format(double[] values) => $"({string.Join(", ", values.Select(Format))})";

    private static string Format(double x) =>
        double.IsInfinity(x) ? x > 0 ? "inf" : "-inf" : x.ToString("G4", CultureInfo.InvariantCulture);

    private static string Cell(SpecialCase c)
    {
        if (c.Refusal is not null) return "refused";
        string results = $"{string.Join(", ", c.Inputs.Select(Format))} → {Format(c.Values)}";
        double[][] gradients = [.. c.Gradients.OfType<double[]>().Where(gradient => gradient.Length > 0)];
        return gradients.Length == 0 ? results : $"{results}, gradient {string.Join(", ", gradients.Select(Format))}";
    }
}

public sealed class SpecialValueTests
{
    public static TheoryData<int> Places => [.. Enumerable.Range(0, ExtremeNaNCases.All.Count)];

    [Theory, MemberData(nameof(Places))]
    public void Values_and_gradients_are_those_of_the_table(int place)
    {
        SpecialCase c = ExtremeNaNCases.All[place];
        foreach (Device device in (Device[])[OperationDevices.Cpu, OperationDevices.Gpu])
        {
            foreach (DType type in (DType[])[DType.Float32, DType.Float64])
            {
                if (c.Refusal is not null)
                {
                    using Tape tape = new(device);
                    ArgumentException refused = Assert.ThrowsAny<ArgumentException>(() => c.Function(Inputs(c, tape, type)));
                    Assert.Contains(c.Refusal, refused.Message, StringComparison.OrdinalIgnoreCase);
                    continue;
                }

                foreach (bool createGraph in (bool[])[false, true]) Check(c, device, type, createGraph);
            }
        }
    }

    /// <summary>With <c>ENGINE_WRITE_DOCS=1</c> it is written first.</summary>
    [Fact]
    public void The_page_has_the_table()
    {
        string page = File.ReadAllText(SpecialValueTable.Path), table = SpecialValueTable.Write();
        if (Environment.GetEnvironmentVariable("ENGINE_WRITE_DOCS") == "1")
            File.WriteAllText(SpecialValueTable.Path, page = page.Replace(SpecialValueTable.In(page), table, StringComparison.Ordinal));
        Assert.Equal(table, SpecialValueTable.In(page));
    }

    private static void Check(SpecialCase c, Device device, DType type, bool createGraph)
    {
        using Tape tape = new(device);
        Tensor[] inputs = Inputs(c, tape, type);
        Tensor y = c.Function(inputs);
        string where = $"{c}, {type} on {device.Name}";
        Same(c.Values, y.ToDoubles(), where);
        Tensor[] with = [.. inputs.Where((_, i) => c.Gradients[i] is not null)];
        if (with.Length == 0) return;
        Tensor[] gradients = tape.Gradients(y, Tensor.Ones(y.Shape, y.DType), with, createGraph);
        for (int i = 0; i < gradients.Length; i++)
            Same(c.Gradients.OfType<double[]>().ElementAt(i), gradients[i].ToDoubles(),
                $"gradient {i} of {where}{(createGraph ? " with its graph" : "")}");
    }

    private static Tensor[] Inputs(SpecialCase c, Tape tape, DType type) =>
        [.. c.Inputs.Select((x, i) => tape.Watch(type == DType.Float64 ? Tensor.From(x, c.ShapeOf(i))
            : Tensor.From(Array.ConvertAll(x, value => (float)value), c.ShapeOf(i))))];

    private static void Same(double[] expected, double[] got, string what)
    {
        Assert.True(expected.Length == got.Length, $"{what}: expected {expected.Length} elements, got {got.Length}");
        for (int i = 0; i < got.Length; i++)
        {
            // -0 is 0 here.
            bool isSame = expected[i] == got[i] || (double.IsNaN(expected[i]) && double.IsNaN(got[i]))
                || Math.Abs(expected[i] - got[i]) <= 1e-6 * Math.Abs(expected[i]);
            Assert.True(isSame, $"{what}: expected {SpecialValueTable.Format(expected)}, got {SpecialValueTable.Format(got)}");
        }
    }
}
