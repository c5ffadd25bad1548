using System.Globalization;
using System.Text;

namespace Engine.Tests.Operations;

/// <summary>docs/gradcheck.md: what was checked of every operation, and how far off it was.</summary>
internal static class GradCheckDocument
{
    /// <summary>Where the document is: in the folder of the solution.</summary>
    internal static string Path
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Engine.sln"))) folder = folder.Parent;
            return System.IO.Path.Combine(
                folder?.FullName ?? throw new DirectoryNotFoundException("Engine.sln is not above the tests."), "docs", "gradcheck.md");
        }
    }

    /// <summary>The operations that a document lists, in its order.</summary>
    internal static string[] Operations(string text) =>
        [.. text.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1])];

    /// <summary>Checks every case and writes what was found.</summary>
    internal static string Write()
    {
        StringBuilder text = new(
            """
            # Gradient check

            Every operation of Engine.Autograd, as the registry of operation cases (`Engine.Tests/Operations`) has it. Each case
            feeds all of these checks:

            - **values**: float32 and float64 against a plain float64 reference in loops, within the tolerance of the table:
              elementwise operations within so many units in the last place (ULP) of the result, sums of K terms within
              2e-6 sqrt(K) of the sum of their absolute values. In float64 the same at float64's precision, with two ULP for the
              reference itself;
            - **gradients**: of order 1 and 2 in float64 against central differences, along random directions, within 1e-6 of the
              larger of 1 and the derivative. The columns hold the largest error over all cases. Arguments are drawn away from
              kinks;
            - **fused gradients**: what the one-pass backward kernels give equals the composed rule, in float32 and float64;
            - **devices**: `simulator`, which runs the GPU kernels, equals `cpu` within the same tolerance, values and gradients;
            - **threads**: 1, 2 and 3 threads give the same bits, values and gradients.

            Run the checks, and write this page anew from the registry:

                dotnet test Engine.Tests -c Release --filter FullyQualifiedName~Operation
                ENGINE_WRITE_DOCS=1 dotnet test Engine.Tests -c Release --filter FullyQualifiedName~GradCheckDocument

            A public operation without a case fails a test, and so does a page that does not list exactly the operations of the registry.

            | operation | cases | order 1 | order 2 | tolerance of values | kinks |
            |---|---|---|---|---|---|

            """.ReplaceLineEndings("\n"));
        IGrouping<string, OperationCase>[] operations =
            [.. OperationRegistry.Cases.GroupBy(c => c.Operation).OrderBy(group => group.Key, StringComparer.Ordinal)];
        foreach (IGrouping<string, OperationCase> operation in operations)
        {
            GradCheckResult[] results = [.. operation.Where(c => c.Orders > 0 && !c.IsLarge).Select(OperationGradientTests.Check)];
            string tolerances = string.Join(", ", operation.Select(c => c.Tolerance.Rule).Distinct());
            string kinks = string.Join(", ", operation.Select(c => c.Kinks).Where(kink => kink.Length > 0).Distinct());
            text.Append(CultureInfo.InvariantCulture,
                $"| `{operation.Key}` | {operation.Count()} | {Error(results.Select(r => r.FirstOrder))} | ");
            text.Append(CultureInfo.InvariantCulture, $"{Error(results.Select(r => r.SecondOrder ?? 0))} | {tolerances} | {kinks} |\n");
        }

        text.Append("\n## Shapes and options of the cases\n\n");
        foreach (IGrouping<string, OperationCase> operation in operations)
            text.Append(CultureInfo.InvariantCulture, $"- **{operation.Key}**: {string.Join("; ", operation.Select(c => c.Variant))}\n");
        return text.ToString();
    }

    private static string Error(IEnumerable<double> errors) =>
        errors.Any() ? errors.Max().ToString("0.0E+0", CultureInfo.InvariantCulture) : "none";
}

public sealed class GradCheckDocumentTests
{
    /// <summary>With <c>ENGINE_WRITE_DOCS=1</c> it is written first.</summary>
    [Fact]
    public void The_page_lists_exactly_the_operations_of_the_registry()
    {
        if (Environment.GetEnvironmentVariable("ENGINE_WRITE_DOCS") == "1")
            File.WriteAllText(GradCheckDocument.Path, GradCheckDocument.Write());
        string[] listed = GradCheckDocument.Operations(File.ReadAllText(GradCheckDocument.Path));
        Assert.Equal(OperationRegistry.Cases.Select(c => c.Operation).Distinct().Order(StringComparer.Ordinal), listed);
    }
}
