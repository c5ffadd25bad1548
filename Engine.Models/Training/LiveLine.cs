using System.Globalization;
using System.Text;

namespace Engine.Models.Training;

/// <summary>
/// A line at the bottom of a terminal that is written over and over, and is gone when others are printed. It needs no control sequence but
/// the return of the carriage. Spectre.Console's live displays write what is printed over themselves without clearing the rest of its
/// lines, and wrap what is wider than the terminal.
/// </summary>
/// <param name="output">The terminal.</param>
/// <param name="width">Its columns, asked at each line: a window changes its size.</param>
internal sealed class LiveLine(TextWriter output, Func<int> width)
{
    private const int Narrowest = 20, WidestBar = 30;
    private int _covered;

    /// <summary>The live line of standard output; null where that is no terminal, or one that cannot return the carriage.</summary>
    public static LiveLine? OfConsole()
    {
        if (Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") == "dumb") return null;
        return new LiveLine(Console.Out, Columns);

        static int Columns()
        {
            try
            {
                return Console.WindowWidth;
            }
            catch (Exception e) when (e is IOException or PlatformNotSupportedException)
            {
                return 80;
            }
        }
    }

    /// <summary>Shows how far something is.</summary>
    /// <param name="done">From 0 to 1.</param>
    /// <param name="name">What it is.</param>
    /// <param name="end">What has to be seen besides, such as the time left; as the name it is cut last.</param>
    /// <param name="details">What else there is to say, the most important first: as much of it as there is room for.</param>
    public void Show(double done, string name, string end, params ReadOnlySpan<string> details)
    {
        // The last column stays free: in many terminals a character there already begins the next line.
        int room = Math.Max(Narrowest, width()) - 1;
        StringBuilder text = new(name);
        text.Append(CultureInfo.InvariantCulture, $" {Math.Clamp(100 * done, 0, 100),3:F0} %");
        int free = room - text.Length - (end.Length == 0 ? 0 : end.Length + 2);
        foreach (string detail in details)
        {
            if (detail.Length + 2 > free) break;
            text.Append("  ").Append(detail);
            free -= detail.Length + 2;
        }

        if (end.Length > 0) text.Append("  ").Append(end);
        int bar = Math.Min(free - 4, WidestBar);
        if (bar >= 5)
        {
            int full = (int)Math.Clamp(done * bar, 0, bar);
            text.Append("  [").Append('=', full).Append(' ', bar - full).Append(']');
        }

        if (text.Length > room) text.Length = room;
        int covered = text.Length;
        text.Append(' ', Math.Clamp(_covered - covered, 0, room - covered)).Append('\r');
        Write(text);
        _covered = covered;
    }

    /// <summary>Parts of a line with two spaces between them, as many to a line of the terminal as it has room for.</summary>
    public string Wrapped(params ReadOnlySpan<string> parts)
    {
        int room = Math.Max(Narrowest, width()) - 1, used = 0;
        StringBuilder text = new();
        foreach (string part in parts)
        {
            bool fits = used + 2 + part.Length <= room;
            if (used > 0) text.Append(fits ? "  " : Environment.NewLine + "  ");
            used = (used == 0 ? 0 : fits ? used + 2 : 2) + part.Length;
            text.Append(part);
        }

        return text.ToString();
    }

    /// <summary>Takes the line away, so that something else can be printed in its place.</summary>
    public void Clear()
    {
        // Two more than was written: the terminal shows Ctrl+C as ^C.
        int columns = Math.Min(_covered + 2, Math.Max(Narrowest, width()) - 1);
        if (_covered > 0) Write(new StringBuilder().Append(' ', columns).Append('\r'));
        _covered = 0;
    }

    private void Write(StringBuilder text)
    {
        output.Write("\r" + text);
        output.Flush();
    }
}
