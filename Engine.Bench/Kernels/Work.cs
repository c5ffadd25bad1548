using Engine.Bench.Machine;

namespace Engine.Bench.Kernels;

/// <summary>What one call of a kernel does, and so which ceiling it is held against.</summary>
/// <param name="Amount">Floating-point operations, or bytes read and written.</param>
/// <param name="Unit">Which of the two.</param>
/// <param name="WorkingSet">The bytes that the call touches; repeated calls find them in whatever cache they fit into.</param>
/// <param name="IsNominal">Whether the kernel may do with fewer operations than are counted, and so be above the ceiling.</param>
internal readonly record struct Work(double Amount, string Unit, long WorkingSet, bool IsNominal = false)
{
    /// <summary>Work bound by arithmetic.</summary>
    internal static Work Flops(double flops) => new(flops, "GFLOP/s", 0);

    /// <summary>Work bound by arithmetic, counted as the plain algorithm does it.</summary>
    internal static Work NominalFlops(double flops) => new(flops, "GFLOP/s", 0, IsNominal: true);

    /// <summary>Work bound by memory: every byte of the working set is read or written once, some of them both.</summary>
    internal static Work Bytes(long readAndWritten, long workingSet) => new(readAndWritten, "GB/s", workingSet);

    /// <summary>The most that this machine can do of it in a second.</summary>
    internal double Ceiling(int threads) => WorkingSet == 0 ? Ceilings.Flops(threads).Best : Ceilings.BestBandwidth(WorkingSet, threads);
}
