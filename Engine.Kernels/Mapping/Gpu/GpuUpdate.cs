namespace Engine.Kernels.Mapping.Gpu;

/// <summary>Updates of arrays in place as GPU kernels.</summary>
/// <remarks>
/// Adam reads four arrays and writes three, 28 bytes for some twenty instructions: memory is what it waits for, and for the small arrays of
/// a network, launches. So there is one launch for all arrays: a table in device memory (<see cref="ChunkTables"/>) says which piece of
/// which array each group of threads has. Neighbouring threads take neighbouring elements, each two at a time of every array, so that for
/// Adam each thread has 32 bytes in flight. OpenCL has no addresses to put into a table; there it is a launch for each array.
/// </remarks>
internal static class GpuUpdate
{
    // Never inlined: its caller is compiled for the host, too, and must not load ILGPU for this branch.
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Run<TOp>(GpuDevice device, TOp op, UpdateArguments arguments, int start, int end)
        where TOp : unmanaged, IUpdateOp =>
        LaneDispatch.OnGpu(device, arguments.X[start].DType, new UpdateWork<TOp>(op, arguments, start, end));

    private readonly ref struct UpdateWork<TOp>(TOp op, UpdateArguments arguments, int start, int end) : IScalarWork
        where TOp : unmanaged, IUpdateOp
    {
        private readonly UpdateArguments _arguments = arguments;

        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            if (device.HasAddresses) UpdateAll<TLane, TOp>(device, op, _arguments, start, end);
            else UpdateEach<TLane, TOp>(device, op, _arguments, start, end);
        }
    }

    private static unsafe void UpdateAll<TLane, TOp>(GpuDevice device, TOp op, in UpdateArguments arguments, int start, int end)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IUpdateOp
    {
        ChunkTables tables = device.Tables;
        lock (tables)
        {
            Span<ArrayChunk> arrays = tables.Describe(end - start);
            for (int i = 0; i < arrays.Length; i++)
            {
                Storage x = arguments.X[start + i];
                arrays[i] = new()
                {
                    X = AddressOf(x), Count = x.Length, First = AddressOf(arguments[0][start + i]),
                    Second = TOp.States > 1 ? AddressOf(arguments[1][start + i]) : 0,
                    Third = TOp.States > 2 ? AddressOf(arguments[2][start + i]) : 0,
                    Fourth = TOp.States > 3 ? AddressOf(arguments[3][start + i]) : 0,
                };
            }

            ChunkTable table = tables.Of(arrays, sizeof(TLane));
            if (table.Count == 0) return;
            device.Launcher(ChunkKernel<TLane, TOp>, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                (new Index1D(table.Count), new Index1D(UpdateThreads)), ViewOf<ArrayChunk>(table.Storage), op);
        }
    }

    private const int UpdateThreads = 256;

    private static void UpdateEach<TLane, TOp>(GpuDevice device, TOp op, in UpdateArguments arguments, int start, int end)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IUpdateOp
    {
        var launch = device.Launcher(
            UpdateKernel<TLane, TOp>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel));
        for (int i = start; i < end; i++)
        {
            Storage x = arguments.X[i], first = arguments[0][i];
            if (x.Length == 0) continue;
            launch(
                x.Length, ViewOf<TLane>(first), ViewOf<TLane>(TOp.States > 1 ? arguments[1][i] : first),
                ViewOf<TLane>(TOp.States > 2 ? arguments[2][i] : first),
                ViewOf<TLane>(TOp.States > 3 ? arguments[3][i] : first), ViewOf<TLane>(x), op);
        }
    }

    /// <summary>
    /// One group renews one chunk. A thread takes two elements, a group's width apart, and loads all that it reads before it uses any of
    /// it. Where the second is past the end of the chunk the last one is read in its place, and nothing written.
    /// </summary>
    private static unsafe void ChunkKernel<TLane, TOp>(ArrayView<ArrayChunk> chunks, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IUpdateOp
    {
        ArrayChunk chunk = chunks[Grid.IdxX];
        TLane* x = (TLane*)chunk.X, first = (TLane*)chunk.First, second = (TLane*)chunk.Second, third = (TLane*)chunk.Third,
            fourth = (TLane*)chunk.Fourth;
        for (int i = Group.IdxX; i < chunk.Count; i += 2 * Group.DimX)
        {
            int j = i + Group.DimX, last = IntrinsicMath.Min(j, chunk.Count - 1);
            TLane a0 = first[i], a1 = first[last], x0 = x[i], x1 = x[last];
            TLane b0 = TOp.States > 1 ? second[i] : default, b1 = TOp.States > 1 ? second[last] : default;
            TLane c0 = TOp.States > 2 ? third[i] : default, c1 = TOp.States > 2 ? third[last] : default;
            TLane d0 = TOp.States > 3 ? fourth[i] : default, d1 = TOp.States > 3 ? fourth[last] : default;
            op.Apply(ref a0, ref b0, ref c0, ref d0, x0);
            op.Apply(ref a1, ref b1, ref c1, ref d1, x1);
            first[i] = a0;
            if (TOp.States > 1) second[i] = b0;
            if (TOp.States > 2) third[i] = c0;
            if (TOp.States > 3) fourth[i] = d0;
            if (j >= chunk.Count) continue;
            first[j] = a1;
            if (TOp.States > 1) second[j] = b1;
            if (TOp.States > 2) third[j] = c1;
            if (TOp.States > 3) fourth[j] = d1;
        }
    }

    /// <summary>One thread renews one element of every state of one array.</summary>
    private static void UpdateKernel<TLane, TOp>(
        Index1D i, ArrayView<TLane> first, ArrayView<TLane> second, ArrayView<TLane> third, ArrayView<TLane> fourth, ArrayView<TLane> x,
        TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IUpdateOp
    {
        TLane a = first[i];
        TLane b = TOp.States > 1 ? second[i] : default;
        TLane c = TOp.States > 2 ? third[i] : default;
        TLane d = TOp.States > 3 ? fourth[i] : default;
        op.Apply(ref a, ref b, ref c, ref d, x[i]);
        first[i] = a;
        if (TOp.States > 1) second[i] = b;
        if (TOp.States > 2) third[i] = c;
        if (TOp.States > 3) fourth[i] = d;
    }
}
