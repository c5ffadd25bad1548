using Engine.Kernels.Norms;

namespace Engine.Kernels.Recurrent;

/// <summary>How the cells of a step are cut into chunks of work.</summary>
internal static class CellChunks
{
    /// <summary>States of a chunk: their gates take some microseconds.</summary>
    private const int States = 2048;

    internal static int Count(RecurrentShape shape) => (shape.Cells + InChunk(shape) - 1) / InChunk(shape);

    internal static (int First, int End) Range(RecurrentShape shape, int chunk) =>
        (chunk * InChunk(shape), Math.Min(shape.Cells, (chunk + 1) * InChunk(shape)));

    private static int InChunk(RecurrentShape shape) => Math.Max(1, States / shape.Hidden);
}
