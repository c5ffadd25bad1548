namespace Engine.Kernels.Mapping.Host;

/// <summary>Updates of arrays in place on the host. The arrays are cut into chunks as if they lay one behind the other.</summary>
internal static unsafe class HostUpdate
{
    /// <summary>
    /// Arrays begin at multiples of this in the row of all arrays, so that a chunk begins where a vector and a line of the cache do.
    /// </summary>
    private const int UpdateAlignment = 16;

    internal static void Run<TOp>(CpuDevice cpu, TOp op, UpdateArguments arguments, int start, int end)
        where TOp : unmanaged, IUpdateOp =>
        LaneDispatch.OnHost(cpu, arguments.X[start].DType, new UpdateWork<TOp>(op, arguments, start, end));

    private readonly ref struct UpdateWork<TOp>(TOp op, UpdateArguments arguments, int start, int end) : IVectorWork
        where TOp : unmanaged, IUpdateOp
    {
        private readonly UpdateArguments _arguments = arguments;

        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            UpdateArray<T>[] arrays = new UpdateArray<T>[end - start];
            long place = 0;
            for (int i = start; i < end; i++)
            {
                Storage x = _arguments.X[i];
                arrays[i - start] = new()
                {
                    Start = place, Count = x.Length, X = x.Pointer<T>(), First = _arguments[0][i].Pointer<T>(),
                    Second = TOp.States > 1 ? _arguments[1][i].Pointer<T>() : null,
                    Third = TOp.States > 2 ? _arguments[2][i].Pointer<T>() : null,
                    Fourth = TOp.States > 3 ? _arguments[3][i].Pointer<T>() : null,
                };
                place += (x.Length + UpdateAlignment - 1L) / UpdateAlignment * UpdateAlignment;
            }

            fixed (UpdateArray<T>* p = arrays)
            {
                UpdateJob<T, V, TOp> job = new() { Op = op, Arrays = p, Count = arrays.Length };
                cpu.Workers.Run(ref job, checked((int)((place + HostMap.ChunkElements - 1) / HostMap.ChunkElements)));
            }
        }
    }

    private struct UpdateArray<T> where T : unmanaged
    {
        /// <summary>The place of the first element in the row of all arrays.</summary>
        public long Start;
        public int Count;
        public T* X, First, Second, Third, Fourth;
    }

    /// <summary>A chunk is a piece of the row of all arrays.</summary>
    private struct UpdateJob<T, TLane, TOp> : IJob
        where T : unmanaged
        where TLane : unmanaged, IVectorLane<TLane, T>
        where TOp : unmanaged, IUpdateOp
    {
        public TOp Op;
        public UpdateArray<T>* Arrays;
        public int Count;

        public readonly void Run(int chunk)
        {
            long start = (long)chunk * HostMap.ChunkElements, end = start + HostMap.ChunkElements;
            for (int k = 0; k < Count && Arrays[k].Start < end; k++)
            {
                int from = (int)Math.Max(0, start - Arrays[k].Start), to = (int)Math.Min(Arrays[k].Count, end - Arrays[k].Start);
                if (from < to) Run(Arrays[k], from, to);
            }
        }

        private readonly void Run(UpdateArray<T> array, int i, int end)
        {
            TOp op = Op;
            for (; i <= end - TLane.Count; i += TLane.Count) Apply(
                op, array.First + i, array.Second + i, array.Third + i, array.Fourth + i, array.X + i);

            // The tail goes through the same code on padded vectors.
            int left = end - i;
            if (left == 0) return;
            T* padded = stackalloc T[5 * 16];
            Copy(array.First + i, padded, left);
            if (TOp.States > 1) Copy(array.Second + i, padded + 16, left);
            if (TOp.States > 2) Copy(array.Third + i, padded + 32, left);
            if (TOp.States > 3) Copy(array.Fourth + i, padded + 48, left);
            Copy(array.X + i, padded + 64, left);
            Apply(op, padded, padded + 16, padded + 32, padded + 48, padded + 64);
            Copy(padded, array.First + i, left);
            if (TOp.States > 1) Copy(padded + 16, array.Second + i, left);
            if (TOp.States > 2) Copy(padded + 32, array.Third + i, left);
            if (TOp.States > 3) Copy(padded + 48, array.Fourth + i, left);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Apply(TOp op, T* first, T* second, T* third, T* fourth, T* x)
        {
            TLane a = TLane.Load(first);
            TLane b = TOp.States > 1 ? TLane.Load(second) : default;
            TLane c = TOp.States > 2 ? TLane.Load(third) : default;
            TLane d = TOp.States > 3 ? TLane.Load(fourth) : default;
            op.Apply(ref a, ref b, ref c, ref d, TLane.Load(x));
            TLane.Store(a, first);
            if (TOp.States > 1) TLane.Store(b, second);
            if (TOp.States > 2) TLane.Store(c, third);
            if (TOp.States > 3) TLane.Store(d, fourth);
        }

        private static void Copy(T* source, T* destination, int count)
        {
            for (int k = 0; k < count; k++) destination[k] = source[k];
        }
    }
}
