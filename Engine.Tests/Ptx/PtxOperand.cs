using System.Globalization;
using System.Text.RegularExpressions;

namespace Engine.Tests.Ptx;

/// <summary>An operand: a register, a number, a special register, or an address.</summary>
internal sealed class PtxOperand
{
    private readonly int _register = -1;
    private readonly ulong _value;
    private readonly string? _special;

    internal PtxOperand(PtxProgram program, string text)
    {
        Match address = Regex.Match(text, @"^\[([%\w.]+)(?:\+(-?\d+))?\]$");
        if (address.Success)
        {
            text = address.Groups[1].Value;
            Offset = address.Groups[2].Success ? int.Parse(address.Groups[2].Value, CultureInfo.InvariantCulture) : 0;
        }

        if (text.StartsWith("0f", StringComparison.Ordinal)) _value =
            uint.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        else if (text.StartsWith("0d", StringComparison.Ordinal)) _value =
            ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        else if (char.IsDigit(text[0]) || text[0] == '-') _value =
            (ulong)(Int128.Parse(text, CultureInfo.InvariantCulture) & ulong.MaxValue);
        else if (Regex.IsMatch(text, @"^%(n?tid|n?ctaid|laneid|warpid)\b")) _special = text;
        else if (program.TrySymbol(text, out int place)) _value = (ulong)place;
        else _register = program.Register(text);
    }

    /// <summary>What stands behind the plus of an address.</summary>
    internal int Offset { get; }

    internal ulong Get(PtxThread thread) =>
        _register >= 0 ? thread.Registers[_register] : _special is null ? _value : thread.Special(_special);

    internal long Address(PtxThread thread) => (long)Get(thread) + Offset;

    internal void Set(PtxThread thread, ulong value) => thread.Registers[_register] = value;
}
