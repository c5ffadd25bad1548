using Spectre.Console;

namespace Engine.Bench.Commands;

/// <summary>How the commands' tables look.</summary>
internal static class Tables
{
    /// <summary>Aligns columns of numbers to the right, by their places.</summary>
    internal static Table RightAligned(this Table table, params ReadOnlySpan<int> columns)
    {
        foreach (int column in columns) table.Columns[column].Alignment = Justify.Right;
        return table.Border(TableBorder.Simple);
    }
}
