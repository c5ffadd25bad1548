using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Host;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv.Host;

/// <summary>What a chunk of a convolution needs beside its operands.</summary>
internal readonly unsafe struct ConvWorkspace<TV, T>(byte* block, int segments)
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const int MaxRows = 8;

    /// <summary>The sums of a tile.</summary>
    internal readonly T* Tile = (T*)block;

    /// <summary>The bias of the tile's columns, filled up with zeros.</summary>
    internal readonly T* Bias = (T*)block + TileLength;

    /// <summary>A pointer for each row of the tile: what it reads.</summary>
    internal readonly T** Sources = (T**)(block + PointersAt);

    /// <summary>A pointer for each row of the tile: where it goes.</summary>
    internal readonly T** Targets = (T**)(block + PointersAt) + MaxRows;

    /// <summary>The runs of depths.</summary>
    internal readonly Segment* Segments = (Segment*)(block + PointersAt + (2 * MaxRows * sizeof(T*)));

    /// <summary>The size of the block.</summary>
    internal long Bytes => HostMemoryPool.RoundUp(PointersAt + (2 * MaxRows * sizeof(T*)) + ((long)sizeof(Segment) * segments));

    private static int TileLength => TileSize<TV, T>.Columns * TileSize<TV, T>.Rows;

    private static int PointersAt => (TileLength + TileSize<TV, T>.Columns) * sizeof(T);
}
