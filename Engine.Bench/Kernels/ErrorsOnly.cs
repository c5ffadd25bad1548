using BenchmarkDotNet.Loggers;

namespace Engine.Bench.Kernels;

/// <summary>Passes on what went wrong, such as a check of values that failed, and leaves out the account of every iteration.</summary>
internal sealed class ErrorsOnly : ILogger
{
    public string Id => nameof(ErrorsOnly);

    public int Priority => 0;

    public void Write(LogKind logKind, string text)
    {
        if (logKind == LogKind.Error) Console.Error.Write(text);
    }

    public void WriteLine() => WriteLine(LogKind.Default, "");

    public void WriteLine(LogKind logKind, string text)
    {
        if (logKind == LogKind.Error) Console.Error.WriteLine(text);
    }

    public void Flush()
    {
    }
}
