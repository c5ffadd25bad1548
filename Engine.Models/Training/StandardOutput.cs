using System.Text;

namespace Engine.Models.Training;

/// <summary>
/// The standard output of a run, which may be closed, or a file on a full disk: that is no reason to lose what is trained. The first
/// failure is told, and what is printed from then on is lost, as it is where a pipe has lost its reader.
/// </summary>
/// <param name="output">Where to write.</param>
/// <param name="tell">Told why that failed, once.</param>
internal sealed class StandardOutput(TextWriter output, Action<string> tell) : TextWriter
{
    /// <summary>Whether something could not be written.</summary>
    public bool HasFailed { get; private set; }

    public override Encoding Encoding => output.Encoding;

    /// <summary>Runs something with this kind of standard output.</summary>
    /// <param name="run">What is run; its exit code.</param>
    /// <param name="tell">Told why the output could not be written, once.</param>
    /// <returns>The exit code, and not 0 where something could not be written.</returns>
    public static int During(Func<int> run, Action<string> tell)
    {
        TextWriter before = Open(out string? failure);
        using StandardOutput output = new(before, tell);
        if (failure is not null) output.Fail(failure);
        Console.SetOut(output);
        try
        {
            int code = run();
            return code == 0 && output.HasFailed ? 1 : code;
        }
        finally
        {
            Console.SetOut(before);
        }
    }

    public override void Write(char value) => Try(() => output.Write(value));

    public override void Write(string? value) => Try(() => output.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => output.Write(buffer, index, count));

    public override void WriteLine(string? value) => Try(() => output.WriteLine(value));

    public override void Flush() => Try(output.Flush);

    private static TextWriter Open(out string? failure)
    {
        failure = null;
        try
        {
            return Console.Out;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = e.Message;
            return Null;
        }
    }

    private void Try(Action write)
    {
        if (HasFailed) return;
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(e.Message);
        }
    }

    private void Fail(string why)
    {
        HasFailed = true;
        tell($"The standard output cannot be written: {why.TrimEnd('.')}. The run goes on without it.");
    }
}
