using System.Globalization;
using System.Text.RegularExpressions;

namespace Engine.Tests.Ptx;

/// <summary>
/// The text of a kernel, taken apart: instructions, where labels lead, and where registers, parameters and shared memory lie.
/// </summary>
internal sealed class PtxProgram
{
    private readonly Dictionary<string, int> _registers = [];
    private readonly Dictionary<string, int> _labels = [];
    private readonly Dictionary<string, int> _parameters = [];
    private readonly Dictionary<string, int> _shared = [];

    internal PtxProgram(string text)
    {
        text = Regex.Replace(text, @"//[^\n]*", "");
        int body = text.IndexOf('{', StringComparison.Ordinal);
        foreach (Match parameter in Regex.Matches(text[..body], @"\.param\s+(?:\.align\s+(\d+)\s+)?\.[bsuf](\d+)\s+(\w+)(?:\[(\d+)\])?"))
        {
            int size = parameter.Groups[4].Success ? Number(parameter.Groups[4].Value) : Number(parameter.Groups[2].Value) / 8;
            int alignment = parameter.Groups[1].Success ? Number(parameter.Groups[1].Value) : size;
            ParameterBytes = (ParameterBytes + alignment - 1) / alignment * alignment;
            _parameters[parameter.Groups[3].Value] = ParameterBytes;
            ParameterOffsets.Add(ParameterBytes);
            ParameterBytes += size;
        }

        // Braces around statements only limit names, which are told apart anyway; those around operands stay.
        List<string> statements = [];
        foreach (string piece in text[(body + 1)..text.LastIndexOf('}')].Split(';'))
        {
            string statement = piece.Trim();
            for (; ; )
            {
                Match label = Regex.Match(statement, @"^(?:[{}]|(\w+):)\s*");
                if (!label.Success) break;
                if (label.Groups[1].Success) _labels[label.Groups[1].Value] = statements.Count;
                statement = statement[label.Length..];
            }

            if (statement.StartsWith('.')) Declare(statement);
            else if (statement.Length > 0) statements.Add(statement);
        }

        foreach (string statement in statements) Instructions.Add(new PtxInstruction(this, statement));
    }

    internal List<PtxInstruction> Instructions { get; } = [];

    /// <summary>Where each parameter starts among their bytes.</summary>
    internal List<int> ParameterOffsets { get; } = [];

    internal int ParameterBytes { get; }

    internal int SharedBytes { get; private set; }

    internal int RegisterCount => _registers.Count;

    internal int Register(string name) =>
        _registers.TryGetValue(name, out int index) ? index
            : throw new PtxException($"The register {name} is not declared before it is used.");

    internal int Label(string name) => _labels[name];

    /// <summary>Where a parameter or a block of shared memory lies, if there is one of that name.</summary>
    internal bool TrySymbol(string name, out int offset) =>
        _parameters.TryGetValue(name, out offset) || _shared.TryGetValue(name, out offset);

    private void Declare(string statement)
    {
        if (Regex.Match(statement, @"^\.shared\s+\.align\s+(\d+)\s+\.b8\s+(\w+)\[(\d+)\]$") is { Success: true } shared)
        {
            int alignment = Number(shared.Groups[1].Value);
            SharedBytes = (SharedBytes + alignment - 1) / alignment * alignment;
            _shared[shared.Groups[2].Value] = SharedBytes;
            SharedBytes += Number(shared.Groups[3].Value);
        }
        else if (Regex.Match(statement, @"^\.reg\s+\.\w+\s+(.+)$") is { Success: true } registers)
        {
            foreach (string name in registers.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries))
            {
                Match many = Regex.Match(name, @"^([%\w]+)<(\d+)>$");
                if (!many.Success) _registers.TryAdd(name, _registers.Count);
                for (int i = 0; many.Success && i < Number(many.Groups[2].Value); i++) _registers.TryAdd(
                    many.Groups[1].Value + i, _registers.Count);
            }
        }
        else
        {
            throw new PtxException($"Cannot read the declaration '{statement}'.");
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
