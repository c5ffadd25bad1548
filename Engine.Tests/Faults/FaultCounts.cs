namespace Engine.Tests.Faults;

/// <summary>
/// How many faults the tests of this folder try: a few by default, and with <c>ENGINE_FAULTS=full</c> as many as docs/reliability.md
/// says, with a line for each kind on the standard output (<c>dotnet Engine.Tests.dll tests Faults Killed_at</c>).
/// </summary>
internal static class FaultCounts
{
    private static readonly bool s_isFull = Environment.GetEnvironmentVariable("ENGINE_FAULTS") == "full";

    // Tests of the console take its output for themselves.
    private static readonly TextWriter s_output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };

    /// <summary>The number to try.</summary>
    /// <param name="few">By default.</param>
    /// <param name="all">At full size.</param>
    internal static int Of(int few, int all) => s_isFull ? all : few;

    /// <summary>Those to try.</summary>
    /// <param name="few">By default.</param>
    /// <param name="all">At full size.</param>
    internal static IEnumerable<T> Of<T>(IEnumerable<T> few, IEnumerable<T> all) => s_isFull ? all : few;

    /// <summary>Prints what was counted, at full size.</summary>
    internal static void Report(string counts)
    {
        if (s_isFull) s_output.WriteLine(counts);
    }
}
