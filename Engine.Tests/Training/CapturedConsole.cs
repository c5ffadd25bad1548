namespace Engine.Tests.Training;

/// <summary>Runs something and keeps what it writes to the console.</summary>
internal static class CapturedConsole
{
    public static (int Code, string Output, string Error) Of(Func<int> run)
    {
        (TextWriter output, TextWriter error) = (Console.Out, Console.Error);
        using StringWriter newOutput = new(), newError = new();
        Console.SetOut(newOutput);
        Console.SetError(newError);
        try
        {
            int code = run();
            return (code, newOutput.ToString(), newError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
