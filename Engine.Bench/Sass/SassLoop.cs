using System.Text.RegularExpressions;

namespace Engine.Bench.Sass;

/// <summary>A loop of a kernel's machine code, from the label that is jumped back to up to the jump.</summary>
/// <param name="Instructions">Instructions in it.</param>
/// <param name="MultiplyAdds">Those that multiply and add in float32 or float64: FFMA, DFMA.</param>
/// <param name="TensorProducts">Those of the tensor cores: HMMA.</param>
internal sealed partial record SassLoop(int Instructions, int MultiplyAdds, int TensorProducts)
{
    /// <summary>
    /// Of the loops with no other inside the one with the most products, and the longest of those; null where there is none.
    /// </summary>
    /// <param name="sass">What <c>nvdisasm -c</c> writes.</param>
    internal static SassLoop? Hottest(string sass)
    {
        List<string> code = [];
        Dictionary<string, int> labels = [];
        List<(int First, int Last)> loops = [];
        foreach (string line in sass.Split('\n'))
        {
            if (Label().Match(line) is { Success: true } label)
            {
                labels[label.Groups[1].Value] = code.Count;
            }
            else if (Instruction().Match(line) is { Success: true } instruction)
            {
                // Only a label that has been passed is known. What jumps to itself follows the end of the code.
                if (Jump().Match(line) is { Success: true } jump && labels.TryGetValue(jump.Groups[1].Value, out int first)
                    && first < code.Count) loops.Add((first, code.Count));
                code.Add(instruction.Groups[1].Value);
            }
        }

        return loops
            .Where(outer => !loops.Any(inner => inner != outer && inner.First >= outer.First && inner.Last <= outer.Last))
            .Select(loop => Of(code[loop.First..(loop.Last + 1)]))
            .MaxBy(loop => (loop.MultiplyAdds + loop.TensorProducts, loop.Instructions));
    }

    private static SassLoop Of(List<string> code) =>
        new(code.Count, code.Count(name => name is "FFMA" or "DFMA"), code.Count(name => name == "HMMA"));

    [GeneratedRegex(@"^\s*(\.L\w+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s*/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_]*)")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"\bBRA\b.*\((\.L\w+)\)")]
    private static partial Regex Jump();
}
