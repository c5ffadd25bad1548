namespace Engine.Kernels.Gemm.Host;

/// <summary>The blocking that suits a vector. None of it changes a result.</summary>
internal static unsafe class TileSize<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    /// <summary>Rows of a register tile: 8 x 3 sums where there are 32 registers, 4 x 3 where there are 16.</summary>
    internal static int Rows => Registers.Count<TV>() == 32 ? 8 : 4;

    /// <summary>Vectors in a row of a register tile, at most.</summary>
    internal static int Vectors => 3;

    /// <summary>Columns of a register tile, at most.</summary>
    internal static int Columns => Vectors * TV.Count;

    /// <summary>
    /// Rows of the left operand that are packed at a time: with <see cref="Depth"/> they take up to half of a second-level cache.
    /// </summary>
    internal static int BlockRows => 192;

    /// <summary>
    /// The depth that is packed at a time: deep enough to amortise reading and writing C, short enough that panels stay near.
    /// </summary>
    internal static int Depth => 2048 / sizeof(T);
}

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
