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

    /// <summary>What a program that ends well has written.</summary>
    public static string Success(this (int Code, string Output, string Error) result)
    {
        Assert.Equal((0, ""), (result.Code, result.Error));
        return result.Output;
    }

    /// <summary>The sentences with which a program has refused to go on.</summary>
    public static string Failure(this (int Code, string Output, string Error) result)
    {
        Assert.Equal(1, result.Code);
        return result.Error;
    }
}

/// <summary>
/// Tests that read what a program writes to the console, one after the other. What runs beside them must not write there.
/// </summary>
[CollectionDefinition("console")]
public sealed class ConsoleCollection;
