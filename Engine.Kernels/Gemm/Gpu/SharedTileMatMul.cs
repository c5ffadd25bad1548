namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Rung 2: a group of 256 threads computes a tile of 16 x 16 of C. In steps of 16 along K it first brings a tile of A and one of B to
/// shared memory, each thread one element of each, and then every thread reads the 16 + 16 elements that it needs from there. An
/// element is read from memory once for 16 uses, instead of once for each. What limits it now is shared memory: every
/// multiply-add still needs two reads from it.
///
/// The first barrier of a step lets no thread compute before the tiles are whole, the second lets none overwrite them while another
/// still computes. Places outside a matrix are filled with zeros, which add nothing. Lines of the tiles are 17 apart, so that
/// neither rows nor columns of a tile fall on one bank of the memory.
/// </summary>
internal static class SharedTileMatMul
{
    internal const int Tile = 16;
    private const int Line = Tile + 1;

    /// <summary>The second and third extent of a grid end here. Groups walk over further products of a batch.</summary>
    internal const int MaxGrid = 65535;

    internal static void Run<TLane, TActivation>(
        GpuDevice device, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        Index3D grid = new((layout.M + Tile - 1) / Tile, (layout.N + Tile - 1) / Tile, Math.Min(layout.Items, MaxGrid));
        device.Launcher(Kernel<TLane, TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(Tile, Tile, 1)), layout, ViewOf<TLane>(a), ViewOf<TLane>(b),
            ViewOf<TLane>(bias ?? c), ViewOf<TLane>(c), activation);
    }

    private static void Kernel<TLane, TActivation>(
        MatMulLayout layout, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> bias, ArrayView<TLane> c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<TLane> tileA = SharedMemory.Allocate<TLane>(Tile * Line);
        ArrayView<TLane> tileB = SharedMemory.Allocate<TLane>(Tile * Line);
        int x = Group.IdxX;
        int y = Group.IdxY;
        int firstRow = Grid.IdxX * Tile;
        int firstColumn = Grid.IdxY * Tile;

        // Neighbouring threads (x) fetch neighbouring elements, whichever way an operand lies in memory.
        int lineA = layout.DepthA == 1 ? y : x;
        int depthA = layout.DepthA == 1 ? x : y;
        int lineB = layout.DepthB == 1 ? y : x;
        int depthB = layout.DepthB == 1 ? x : y;
        for (int item = Grid.IdxZ; item < layout.Items; item += Grid.DimZ)
        {
            TLane sum = TLane.Of(0);
            int depth = layout.DepthOf(item);
            for (int k = 0; k < depth; k += Tile)
            {
                bool insideA = firstRow + lineA < layout.M && k + depthA < depth;
                bool insideB = firstColumn + lineB < layout.N && k + depthB < depth;
                tileA[(lineA * Line) + depthA] = insideA ? a[layout.AtA(item, firstRow + lineA, k + depthA)] : TLane.Of(0);
                tileB[(depthB * Line) + lineB] = insideB ? b[layout.AtB(item, firstColumn + lineB, k + depthB)] : TLane.Of(0);
                Group.Barrier();
                for (int step = 0; step < Tile; step++) sum = TLane.MulAdd(tileA[(y * Line) + step], tileB[(step * Line) + x], sum);
                Group.Barrier();
            }

            int row = firstRow + y;
            int column = firstColumn + x;
            if (row < layout.M && column < layout.N)
            {
                int at = layout.AtC(item, row, column);
                if (layout.Accumulate != 0) sum += c[at];
                if (layout.HasBias != 0) sum += bias[column];
                c[at] = activation.Apply(sum);
            }
        }
    }
}
