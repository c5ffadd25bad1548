using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Rung 4: the sums of rung 3, fed by asynchronous copies (<see cref="AsyncCopy"/>). Rung 3 has one tile of each operand on its
/// way, in registers, and stores it when it has computed from the one before. Here the tiles of the next three steps are on their way at
/// once, past the registers: memory takes some 600 cycles to answer, a step of 8 takes a multiprocessor some 500, so one tile on its way is
/// only just enough and three leave room.
///
/// Four buffers: while a step computes from one, the three others are filled. A step waits until its tile is there for this thread, and at
/// the barrier for all; the same barrier says that all have finished with the buffer of the step before, which is the one that is filled
/// next.
/// </summary>
internal static class AsyncTileMatMul
{
    private const int Buffers = 4;

    /// <summary>A tile of one operand in shared memory, in elements.</summary>
    private const int TileLength = RegisterTileMatMul.Depth * RegisterTileMatMul.Line * 4;

    internal static void Run<TActivation>(
        GpuDevice device, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        const int tile = RegisterTileMatMul.Tile;
        Index3D grid = new((layout.M + tile - 1) / tile, (layout.N + tile - 1) / tile, Math.Min(layout.Items, SharedTileMatMul.MaxGrid));
        device.Launcher(Kernel<TActivation>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            (grid, new Index3D(RegisterTileMatMul.Threads, 1, 1)), layout, ViewOf<FloatScalar>(a), AddressOf(a), ViewOf<FloatScalar>(b),
            AddressOf(b), ViewOf<FloatScalar>(bias ?? c), ViewOf<FloatScalar>(c), activation);
    }

    private static void Kernel<TActivation>(
        MatMulLayout layout, ArrayView<FloatScalar> a, long addressA, ArrayView<FloatScalar> b, long addressB, ArrayView<FloatScalar> bias,
        ArrayView<FloatScalar> c, TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        ArrayView<Four<FloatScalar>> fours = SharedMemory.Allocate<Four<FloatScalar>>(Buffers * 2 * TileLength / 4);
        ArrayView<FloatScalar> tiles = fours.Cast<FloatScalar>();
        int firstRow = Grid.IdxX * RegisterTileMatMul.Tile;
        int firstColumn = Grid.IdxY * RegisterTileMatMul.Tile;
        int x = Group.IdxX % 16;
        int y = Group.IdxX / 16;
        FloatScalar zero = FloatScalar.Of(0);
        for (int item = Grid.IdxZ; item < layout.Items; item += Grid.DimZ)
        {
            int depth = layout.DepthOf(item);
            AsyncTileLoader loaderA =
                new(layout.M, depth, layout.LineA, layout.DepthA, layout.FoursA, layout.StartA(item), firstRow, addressA);
            AsyncTileLoader loaderB =
                new(layout.N, depth, layout.LineB, layout.DepthB, layout.FoursB, layout.StartB(item), firstColumn, addressB);
            RegisterSums<FloatScalar> sums = new(new Four<FloatScalar>(zero, zero, zero, zero));
            int ahead = 0;
            for (; ahead < Buffers - 1; ahead++)
            {
                loaderA.Start(a, ahead * RegisterTileMatMul.Depth, tiles, ahead * 2 * TileLength);
                loaderB.Start(b, ahead * RegisterTileMatMul.Depth, tiles, ((ahead * 2) + 1) * TileLength);
                AsyncCopy.Commit();
            }

            int buffer = 0;
            for (int k = 0; k < depth; k += RegisterTileMatMul.Depth)
            {
                AsyncCopy.WaitForAllButTwo();
                Group.Barrier();
                loaderA.Start(a, k + ((Buffers - 1) * RegisterTileMatMul.Depth), tiles, ahead * 2 * TileLength);
                loaderB.Start(b, k + ((Buffers - 1) * RegisterTileMatMul.Depth), tiles, ((ahead * 2) + 1) * TileLength);
                AsyncCopy.Commit();
                int atA = (buffer * 2 * TileLength / 4) + y;
                int atB = (((buffer * 2) + 1) * TileLength / 4) + x;
                for (int step = 0; step < RegisterTileMatMul.Depth; step++, atA += RegisterTileMatMul.Line, atB += RegisterTileMatMul.Line)
                    sums = new(sums, fours[atA], fours[atA + 16], fours[atB], fours[atB + 16]);

                buffer = (buffer + 1) % Buffers;
                ahead = (ahead + 1) % Buffers;
            }

            sums.Write(new TileWriter(layout, item), c, bias, firstRow + (4 * y), firstColumn + (4 * x), activation);

            // The next item's first tiles go where this one's last may still be read, or still arrive.
            AsyncCopy.WaitForAll();
            Group.Barrier();
        }
    }
}

/// <summary>
/// What <see cref="TileLoader"/> does, by asynchronous copies: tiles of one operand, 128 lines of depth 8, from memory to shared
/// memory, where they lie depth by depth. Neighbouring lines travel 16 bytes at a time; where neighbours in memory are neighbours in depth,
/// each element is copied on its own.
/// </summary>
/// <param name="lines">The lines of the operand.</param>
/// <param name="depth">The depth of each.</param>
/// <param name="lineStride">Elements from one line to the next.</param>
/// <param name="depthStride">Elements from one step in depth to the next.</param>
/// <param name="fours">1 where four neighbours may be copied at once.</param>
/// <param name="start">Where the operand starts.</param>
/// <param name="firstLine">The first line of the tile.</param>
/// <param name="address">The address of the memory's first element.</param>
internal readonly struct AsyncTileLoader(
    int lines, int depth, int lineStride, int depthStride, int fours, int start, int firstLine, long address)
{
    private const int Line = 4 * RegisterTileMatMul.Line;

    /// <summary>
    /// Starts this thread's four copies of the tile at a depth, into shared memory from <paramref name="to"/> on; zeros outside the
    /// operand.
    /// </summary>
    internal void Start(ArrayView<FloatScalar> operand, int firstDepth, ArrayView<FloatScalar> tile, int to)
    {
        int ownLine = depthStride == 1 ? Group.IdxX / 2 : Group.IdxX % 32 * 4;
        int ownDepth = depthStride == 1 ? Group.IdxX % 2 * 4 : Group.IdxX / 32;
        int line = firstLine + ownLine;
        int place = firstDepth + ownDepth;
        bool inside = line < lines && place < depth;
        int left = !inside ? 0 : depthStride == 1 ? depth - place : lines - line;

        // What lies outside is not read; its address is that of the first element, which can be.
        int from = inside ? start + (line * lineStride) + (place * depthStride) : 0;
        to += (ownDepth * Line) + ownLine;
        if (depthStride != 1 && fours != 0)
        {
            AsyncCopy.Four(tile, to, operand, address, from, inside ? 16 : 0);
            return;
        }

        int step = depthStride == 1 ? Line : 1;
        for (int i = 0; i < 4; i++, to += step) AsyncCopy.One(tile, to, operand, address, i < left ? from + i : 0, i < left ? 4 : 0);
    }
}

/// <summary>
/// Copies from memory to shared memory that a thread starts and does not wait for (cp.async, from sm_80 on): the data passes no register,
/// and the thread computes on while it travels. Copies are committed in groups, and waited for by how many groups may still be on their
/// way. On a device without the instruction they are done at once.
/// </summary>
/// <remarks>ILGPU names a kernel's only block of shared memory <c>__shared_alloca0</c>; kernels that use this have no other.</remarks>
internal static class AsyncCopy
{
    /// <summary>One element, or zero where <paramref name="bytes"/> is 0 instead of 4.</summary>
    /// <param name="tile">The kernel's shared memory.</param>
    /// <param name="to">Where to in it.</param>
    /// <param name="memory">What is copied from.</param>
    /// <param name="address">The address of its first element.</param>
    /// <param name="from">Where from in it.</param>
    /// <param name="bytes">4, or 0 for a zero.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void One(ArrayView<FloatScalar> tile, int to, ArrayView<FloatScalar> memory, long address, int from, int bytes)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit(
                "{ .reg .u32 to; mov.u32 to, __shared_alloca0; add.u32 to, to, %0; cp.async.ca.shared.global [to], [%1], 4, %2; }",
                to * 4, address + (from * 4L), bytes);
        }
        else
        {
            tile[to] = bytes == 0 ? FloatScalar.Of(0) : memory[from];
        }
    }

    /// <summary>
    /// Four neighbouring elements whose places are multiples of four, or zeros where <paramref name="bytes"/> is 0 instead of 16.
    /// </summary>
    /// <inheritdoc cref="One"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Four(ArrayView<FloatScalar> tile, int to, ArrayView<FloatScalar> memory, long address, int from, int bytes)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit(
                "{ .reg .u32 to; mov.u32 to, __shared_alloca0; add.u32 to, to, %0; cp.async.cg.shared.global [to], [%1], 16, %2; }",
                to * 4, address + (from * 4L), bytes);
        }
        else
        {
            FloatScalar zero = FloatScalar.Of(0);
            tile.Cast<Four<FloatScalar>>()[to / 4] = bytes == 0 ? new(zero, zero, zero, zero) : memory.Cast<Four<FloatScalar>>()[from / 4];
        }
    }

    /// <summary>Makes a group of the copies since the last one.</summary>
    internal static void Commit()
    {
        if (CudaAsm.IsSupported) CudaAsm.Emit("cp.async.commit_group;");
    }

    /// <summary>Waits until at most two of this thread's groups are on their way.</summary>
    internal static void WaitForAllButTwo()
    {
        if (CudaAsm.IsSupported) CudaAsm.Emit("cp.async.wait_group 2;");
    }

    /// <summary>Waits until at most one of this thread's groups is on its way.</summary>
    internal static void WaitForAllButOne()
    {
        if (CudaAsm.IsSupported) CudaAsm.Emit("cp.async.wait_group 1;");
    }

    /// <summary>Waits until none is on its way.</summary>
    internal static void WaitForAll()
    {
        if (CudaAsm.IsSupported) CudaAsm.Emit("cp.async.wait_group 0;");
    }
}
