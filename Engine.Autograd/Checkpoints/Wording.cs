using System.Globalization;
using System.Text;

namespace Engine.Autograd.Checkpoints;

/// <summary>How things from a file that may be damaged are put into a sentence: shortened, and without control characters.</summary>
internal static class Wording
{
    private const int MostCharacters = 80;
    private const int MostExtents = 16;

    internal static string Name(string name) => $"'{Plain(name)}'";

    /// <summary>A name without quotes around it.</summary>
    internal static string Plain(string name)
    {
        StringBuilder text = new();
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, MostCharacters))) text.Append(
            char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        if (name.Length > MostCharacters) text.Append("...");
        return text.ToString();
    }

    internal static string Name(ReadOnlySpan<byte> utf8) =>
        Name(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MostCharacters + 1)]));

    internal static string Extents(ReadOnlySpan<long> extents)
    {
        StringBuilder text = new("[");
        for (int i = 0; i < Math.Min(extents.Length, MostExtents); i++)
            text.Append(i == 0 ? "" : ", ").Append(extents[i].ToString(CultureInfo.InvariantCulture));
        if (extents.Length > MostExtents) text.Append(", ...");
        return text.Append(']').ToString();
    }
}
