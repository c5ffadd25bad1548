namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Rung 3: a group of 256 threads computes a tile of 128 x 128 of C, and each thread 8 x 8 elements of it, in registers. A step along K
/// takes 16 elements from shared memory for 64 multiply-adds, where rung 2 takes two for each one: now the arithmetic is the limit.
///
/// - The 64 sums have names, no array (<see cref="RegisterSums{TLane}"/>). A thread's rows are 4 y and 64 + 4 y onwards, its columns 4 x
///   and 64 + 4 x: sixteen threads together read a contiguous piece of shared memory, 16 bytes each, without conflicts.
/// - Tiles lie in shared memory depth by depth, so that the eight rows and eight columns of a step are each two reads of
///   four. An operand whose neighbours in memory are neighbours in depth is turned on the way in (<see cref="TileLoader"/>).
/// - There are two buffers. While one is computed from, the next tiles travel from memory to registers, and then into
///   the other buffer: memory is waited for while there is something to compute, and one barrier a step is enough.
/// </summary>
internal static class RegisterTileMatMul
{
    internal const int Tile = 128;
    internal const int Depth = 8;
    internal const int Threads = 256;

    /// <summary>Lines of a tile in shared memory, in fours; one more than needed, so that columns do not fall on one bank.</summary>
    internal const int Line = (Tile / 4) + 1;

    private const int Buffer = Depth * Line;

    internal static void Run<TLane, TActivation>(
        GpuDevice device, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        Index3D grid = new((layout.M + Tile - 1) / Tile, (layout.N + Tile - 1) / Tile, Math.Min(layout.Items, SharedTileMatMul.MaxGrid));
        device.Launcher(Kernel<TLane, TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(Threads, 1, 1)), layout, ViewOf<TLane>(a), ViewOf<TLane>(b),
            ViewOf<TLane>(bias ?? c), ViewOf<TLane>(c), activation);
    }

    private static void Kernel<TLane, TActivation>(
        MatMulLayout layout, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> bias, ArrayView<TLane> c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<TLane>> tileA = SharedMemory.Allocate<Four<TLane>>(2 * Buffer);
        ArrayView<Four<TLane>> tileB = SharedMemory.Allocate<Four<TLane>>(2 * Buffer);
        int firstRow = Grid.IdxX * Tile;
        int firstColumn = Grid.IdxY * Tile;
        int x = Group.IdxX % 16;
        int y = Group.IdxX / 16;
        Four<TLane> zero = new(TLane.Of(0), TLane.Of(0), TLane.Of(0), TLane.Of(0));
        for (int item = Grid.IdxZ; item < layout.Items; item += Grid.DimZ)
        {
            int depth = layout.DepthOf(item);
            TileLoader loaderA = new(layout.M, depth, layout.LineA, layout.DepthA, layout.FoursA, layout.StartA(item), firstRow);
            TileLoader loaderB = new(layout.N, depth, layout.LineB, layout.DepthB, layout.FoursB, layout.StartB(item), firstColumn);
            RegisterSums<TLane> sums = new(zero);
            int buffer = 0;
            loaderA.Store(loaderA.Load(a, 0), tileA, 0);
            loaderB.Store(loaderB.Load(b, 0), tileB, 0);
            Group.Barrier();
            for (int k = 0; k < depth; k += Depth)
            {
                Four<TLane> nextA = loaderA.Load(a, k + Depth);
                Four<TLane> nextB = loaderB.Load(b, k + Depth);
                int atA = buffer + y;
                int atB = buffer + x;
                for (int step = 0; step < Depth; step++, atA += Line, atB += Line)
                {
                    sums = new(sums, tileA[atA], tileA[atA + 16], tileB[atB], tileB[atB + 16]);
                }

                buffer = Buffer - buffer;
                loaderA.Store(nextA, tileA, buffer);
                loaderB.Store(nextB, tileB, buffer);
                Group.Barrier();
            }

            sums.Write(new TileWriter(layout, item), c, bias, firstRow + (4 * y), firstColumn + (4 * x), activation);
        }
    }
}

/// <summary>
/// Brings tiles of one operand of <see cref="RegisterTileMatMul"/>, 128 lines of depth 8, from memory to shared memory: each of the 256
/// threads four elements that are neighbours in memory. Where those are neighbours in depth (A as it is, B transposed), two threads
/// fetch a line, and four single writes turn it; where they are neighbouring lines, a warp fetches 128 of one depth.
/// </summary>
/// <param name="lines">The lines of the operand.</param>
/// <param name="depth">The depth of each.</param>
/// <param name="lineStride">Elements from one line to the next.</param>
/// <param name="depthStride">Elements from one step in depth to the next.</param>
/// <param name="fours">1 where four neighbours may be read at once.</param>
/// <param name="start">Where the operand starts.</param>
/// <param name="firstLine">The first line of the tile.</param>
internal readonly struct TileLoader(int lines, int depth, int lineStride, int depthStride, int fours, int start, int firstLine)
{
    private int OwnLine => depthStride == 1 ? Group.IdxX / 2 : Group.IdxX % 32 * 4;

    private int OwnDepth => depthStride == 1 ? Group.IdxX % 2 * 4 : Group.IdxX / 32;

    /// <summary>This thread's four elements of the tile that starts at a depth; zeros outside the operand.</summary>
    internal Four<TLane> Load<TLane>(ArrayView<TLane> operand, int firstDepth) where TLane : unmanaged, ILane<TLane>
    {
        int line = firstLine + OwnLine;
        int place = firstDepth + OwnDepth;
        TLane zero = TLane.Of(0);
        Four<TLane> four = new(zero, zero, zero, zero);
        if (line >= lines || place >= depth) return four;
        int at = start + (line * lineStride) + (place * depthStride);

        // Rows whose length is a multiple of four hold the whole four when they hold the first.
        if (fours != 0) return operand.Cast<Four<TLane>>()[at / 4];
        int left = depthStride == 1 ? depth - place : lines - line;
        return new(operand[at], left > 1 ? operand[at + 1] : zero, left > 2 ? operand[at + 2] : zero, left > 3 ? operand[at + 3] : zero);
    }

    /// <summary>Puts the four elements into a buffer of shared memory, which lies depth by depth.</summary>
    internal void Store<TLane>(Four<TLane> four, ArrayView<Four<TLane>> tile, int buffer) where TLane : unmanaged, ILane<TLane>
    {
        if (depthStride != 1)
        {
            tile[buffer + (OwnDepth * RegisterTileMatMul.Line) + (OwnLine / 4)] = four;
            return;
        }

        ArrayView<TLane> single = tile.Cast<TLane>();
        int at = ((buffer + (OwnDepth * RegisterTileMatMul.Line)) * 4) + OwnLine;
        single[at] = four.X;
        single[at + (4 * RegisterTileMatMul.Line)] = four.Y;
        single[at + (8 * RegisterTileMatMul.Line)] = four.Z;
        single[at + (12 * RegisterTileMatMul.Line)] = four.W;
    }
}

/// <summary>
/// The 8 x 8 sums that a thread of <see cref="RegisterTileMatMul"/> or <see cref="AsyncTileMatMul"/> keeps in registers. They are sixteen
/// <see cref="Four{T}"/> with names: an array would lie in local memory, which is memory. Rows are 4 y and 64 + 4 y onwards of the tile,
/// columns 4 x and 64 + 4 x.
/// </summary>
internal readonly struct RegisterSums<TLane> where TLane : unmanaged, ILane<TLane>
{
    private readonly Four<TLane> _c00, _c01, _c10, _c11, _c20, _c21, _c30, _c31, _c40, _c41, _c50, _c51, _c60, _c61, _c70, _c71;

    /// <summary>All zero.</summary>
    internal RegisterSums(Four<TLane> zero)
    {
        _c00 = _c01 = _c10 = _c11 = _c20 = _c21 = _c30 = _c31 = zero;
        _c40 = _c41 = _c50 = _c51 = _c60 = _c61 = _c70 = _c71 = zero;
    }

    /// <summary>The sums and one step along K: eight rows times eight columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal RegisterSums(RegisterSums<TLane> before, Four<TLane> upper, Four<TLane> lower, Four<TLane> left, Four<TLane> right)
    {
        _c00 = Four<TLane>.MulAdd(upper.X, left, before._c00);
        _c01 = Four<TLane>.MulAdd(upper.X, right, before._c01);
        _c10 = Four<TLane>.MulAdd(upper.Y, left, before._c10);
        _c11 = Four<TLane>.MulAdd(upper.Y, right, before._c11);
        _c20 = Four<TLane>.MulAdd(upper.Z, left, before._c20);
        _c21 = Four<TLane>.MulAdd(upper.Z, right, before._c21);
        _c30 = Four<TLane>.MulAdd(upper.W, left, before._c30);
        _c31 = Four<TLane>.MulAdd(upper.W, right, before._c31);
        _c40 = Four<TLane>.MulAdd(lower.X, left, before._c40);
        _c41 = Four<TLane>.MulAdd(lower.X, right, before._c41);
        _c50 = Four<TLane>.MulAdd(lower.Y, left, before._c50);
        _c51 = Four<TLane>.MulAdd(lower.Y, right, before._c51);
        _c60 = Four<TLane>.MulAdd(lower.Z, left, before._c60);
        _c61 = Four<TLane>.MulAdd(lower.Z, right, before._c61);
        _c70 = Four<TLane>.MulAdd(lower.W, left, before._c70);
        _c71 = Four<TLane>.MulAdd(lower.W, right, before._c71);
    }

    /// <summary>Writes them to C: <paramref name="row"/> and <paramref name="column"/> are those of the first.</summary>
    internal void Write<TActivation>(
        TileWriter writer, ArrayView<TLane> c, ArrayView<TLane> bias, int row, int column, TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        writer.Write(c, bias, row, column, _c00, activation);
        writer.Write(c, bias, row, column + 64, _c01, activation);
        writer.Write(c, bias, row + 1, column, _c10, activation);
        writer.Write(c, bias, row + 1, column + 64, _c11, activation);
        writer.Write(c, bias, row + 2, column, _c20, activation);
        writer.Write(c, bias, row + 2, column + 64, _c21, activation);
        writer.Write(c, bias, row + 3, column, _c30, activation);
        writer.Write(c, bias, row + 3, column + 64, _c31, activation);
        writer.Write(c, bias, row + 64, column, _c40, activation);
        writer.Write(c, bias, row + 64, column + 64, _c41, activation);
        writer.Write(c, bias, row + 65, column, _c50, activation);
        writer.Write(c, bias, row + 65, column + 64, _c51, activation);
        writer.Write(c, bias, row + 66, column, _c60, activation);
        writer.Write(c, bias, row + 66, column + 64, _c61, activation);
        writer.Write(c, bias, row + 67, column, _c70, activation);
        writer.Write(c, bias, row + 67, column + 64, _c71, activation);
    }
}
