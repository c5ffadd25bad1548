using System.Text.RegularExpressions;

namespace Engine.Tests.Ptx;

/// <summary>One instruction: what it is called, what it works on, and under which condition.</summary>
internal sealed class PtxInstruction
{
    private readonly string _text;
    private readonly PtxOperand? _condition;
    private readonly bool _negated;
    private readonly Action<PtxThread> _execute;

    internal PtxInstruction(PtxProgram program, string text)
    {
        _text = text;
        Match parts = Regex.Match(text, @"^(?:@(!?)([%\w]+)\s+)?([\w.:]+)\s*(.*)$", RegexOptions.Singleline);
        if (!parts.Success) throw new PtxException($"Cannot read '{text}'.");
        if (parts.Groups[2].Success)
        {
            _negated = parts.Groups[1].Value == "!";
            _condition = new PtxOperand(program, parts.Groups[2].Value);
        }

        Parts = parts.Groups[3].Value.Split('.');
        IsBarrier = Parts[0] is "bar" or "barrier";
        IsOfWarp = Parts[0] is "ldmatrix" or "mma" or "shfl";

        // Commas in braces are between the parts of one operand.
        string[] operands = [.. Regex.Matches(parts.Groups[4].Value, @"\{[^}]*\}|\[[^\]]*\]|[^,\s][^,]*")
            .Select(match => match.Value.Trim())];
        if (Parts[0] == "bra")
        {
            // Labels are known when all of the text has been read, which it has.
            int target = program.Label(operands[0]);
            _execute = thread => thread.Next = target;
            return;
        }

        Operands = [.. operands.Select(
            operand => operand.Trim('{', '}').Split(',', StringSplitOptions.TrimEntries).Select(part => new PtxOperand(program, part))
                .ToArray())];
        _execute = IsBarrier || IsOfWarp ? static _ => { } : PtxSemantics.Of(this);
    }

    /// <summary>The name, cut at its dots.</summary>
    internal string[] Parts { get; } = [];

    /// <summary>The operands, each of one part or, in braces, of several.</summary>
    internal PtxOperand[][] Operands { get; } = [];

    internal bool IsBarrier { get; }

    /// <summary>Whether all lanes of a warp execute it together.</summary>
    internal bool IsOfWarp { get; }

    /// <summary>The last part of the name: the type, most often.</summary>
    internal string Type => Parts[^1];

    internal void Execute(PtxThread thread)
    {
        if (_condition is not null && _condition.Get(thread) != 0 == _negated) return;
        _execute(thread);
    }

    internal void OfWarp(PtxThread[] lanes)
    {
        if (Parts[0] == "ldmatrix") PtxTensorCore.LoadMatrices(this, lanes);
        else if (Parts[0] == "mma") PtxTensorCore.Multiply(this, lanes);
        else throw new PtxException($"'{_text}' is not known here.");
    }

    public override string ToString() => _text;
}
