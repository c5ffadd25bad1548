using System.Globalization;
using System.Text;
using Engine.Models.Onnx;

namespace Engine.Tests.Onnx;

/// <summary>The table of docs/onnx.md: which operations have an ONNX form and which operators they become, found by exporting the cases of
/// the registry.</summary>
internal static class OnnxOperationTable
{
    internal const string Header = "| operation | ONNX operators |\n|---|---|\n";

    // Operators that bring arguments into shape.
    private static readonly string[] s_plumbing = ["Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze"];

    /// <summary>The page.</summary>
    internal static string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(GradCheckDocument.Path)!, "onnx.md");

    internal static string Write()
    {
        StringBuilder text = new(Header);
        foreach (IGrouping<string, OperationCase> operation in OperationRegistry.Cases.Where(IsQuick)
            .GroupBy(c => c.Operation).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            string[][] operators = [.. operation.Select(Operators).OfType<string[]>()];
            string[] all = [.. operators.SelectMany(names => names).Distinct()];
            string[] told = all.Except(s_plumbing).Any() ? [.. all.Except(s_plumbing)] : all;
            string cell = operators.Length == 0 ? "none" : string.Join(", ", told.Order(StringComparer.Ordinal));
            text.Append(CultureInfo.InvariantCulture, $"| `{operation.Key}` | {cell} |\n");
        }

        return text.ToString();
    }

    // Larger cases become the same operators.
    private static bool IsQuick(OperationCase c) => c.Inputs.Length > 0 && c.Inputs.Sum(input => input.Shape.Count) <= 120;

    /// <summary>The operators of a case, with all of its arguments or only the first as inputs; null where it has no ONNX form.</summary>
    private static string[]? Operators(OperationCase c)
    {
        using Tape tape = new(OperationDevices.Cpu);
        Tensor[] arguments = c.Tensors(tape, c.Values(), DType.Float32);
        return Operators(c, arguments, arguments.Length) ?? Operators(c, arguments, 1);
    }

    private static string[]? Operators(OperationCase c, Tensor[] arguments, int inputs)
    {
        try
        {
            OnnxFile file = OnnxFile.Of(
                given => c.Function([.. given, .. arguments[inputs..]]),
                [.. arguments[..inputs].Select((input, i) => new OnnxInput($"x{i}", input, HasBatch: false))]);
            file.CheckNames();
            return [.. file.Nodes.Select(node => node.Type)];
        }
        catch (OnnxException e)
        {
            Assert.Contains(" has no ONNX form", e.Message, StringComparison.Ordinal);
            return null;
        }
    }
}
