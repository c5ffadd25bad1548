using System.Text;

namespace Engine.Tests.Training.Terminals;

/// <summary>What a terminal of some columns shows of what is written to it: carriage returns, line ends, lines that are too wide.</summary>
internal sealed class Screen(int columns) : StringWriter
{
    private readonly List<char[]> _lines = [Blank(columns)];
    private int _row, _column;

    /// <summary>The lines without what is blank at their ends, and at the end of the screen.</summary>
    public string Text => string.Join('\n', _lines.Select(line => new string(line).TrimEnd())).TrimEnd('\n');

    public override void Write(char value)
    {
        switch (value)
        {
            case '\r':
                _column = 0;
                break;
            case '\n':
                (_row, _column) = (_row + 1, 0);
                break;
            default:
                if (_column == columns) (_row, _column) = (_row + 1, 0);
                Line(_row)[_column++] = value;
                break;
        }

        Line(_row);
    }

    public override void Write(string? value)
    {
        foreach (char c in value ?? "") Write(c);
    }

    public override void WriteLine(string? value) => Write(value + "\n");

    private static char[] Blank(int columns) => [.. Enumerable.Repeat(' ', columns)];

    private char[] Line(int row)
    {
        while (_lines.Count <= row) _lines.Add(Blank(columns));
        return _lines[row];
    }
}
