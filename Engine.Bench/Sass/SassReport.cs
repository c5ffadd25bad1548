namespace Engine.Bench.Sass;

/// <summary>What the assembler makes of a kernel.</summary>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="SpillStores">Bytes of a thread that are stored because there are too few registers.</param>
/// <param name="SpillLoads">Bytes that are loaded back.</param>
/// <param name="Stack">Bytes of local memory of a thread.</param>
/// <param name="SharedMemory">Bytes of shared memory of a group.</param>
/// <param name="Loop">The innermost loop that computes most; null where there is no loop.</param>
internal sealed record SassReport(int Registers, int SpillStores, int SpillLoads, int Stack, int SharedMemory, SassLoop? Loop)
{
    /// <summary>Registers of a multiprocessor, from compute capability 7.0 on.</summary>
    internal const int RegisterFile = 65536;

    /// <summary>Groups of a size whose registers fit a multiprocessor together: each warp takes them in units of 256.</summary>
    internal int Groups(int threads) => RegisterFile / ((Registers + 7) / 8 * 8 * threads);
}
