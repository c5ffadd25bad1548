using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gemm.Host;

/// <summary>The memory that a chunk packs into: one size for every product, so that one block of the pool serves them all.</summary>
internal readonly unsafe struct Workspace<TV, T>(T* block)
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    /// <summary>The packed rows of the left operand.</summary>
    internal readonly T* Left = block;

    /// <summary>One packed panel of the right operand.</summary>
    internal readonly T* Right = block + LeftLength;

    /// <summary>A tile that cannot be written to C directly.</summary>
    internal readonly T* Tile = block + LeftLength + RightLength;

    /// <summary>The bias of a tile that overhangs C, filled up with zeros.</summary>
    internal readonly T* Bias = block + LeftLength + RightLength + TileLength;

    /// <summary>The size of the block.</summary>
    internal static long Bytes =>
        HostMemoryPool.RoundUp((long)sizeof(T) * (LeftLength + RightLength + TileLength + TileSize<TV, T>.Columns));

    private static int LeftLength => TileSize<TV, T>.BlockRows * TileSize<TV, T>.Depth;

    private static int RightLength => TileSize<TV, T>.Columns * TileSize<TV, T>.Depth;

    private static int TileLength => TileSize<TV, T>.Columns * TileSize<TV, T>.Rows;
}
