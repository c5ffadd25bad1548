namespace Engine.Kernels.Mapping.Host;

/// <summary>Elementwise operations on the host, a vector of elements at a time.</summary>
internal static unsafe class HostMap
{
    /// <summary>Elements of one chunk of work: enough to hide a launch, few enough to keep every thread busy and the chunk in L2.</summary>
    internal const int ChunkElements = 8192;

    internal readonly record struct Pass<TOp>(
        TOp Op, BroadcastPlan Plan, Storage Output, Storage X, Storage? Y, Storage? Z, Storage? W) : IVectorWork
        where TOp : unmanaged, IMapOp
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            int inner = Plan.Inner, rows = Output.Length / inner;
            MapJob<T, V, TOp> job = new()
            {
                Op = Op, Plan = Plan, Rows = rows, RowsPerChunk = Math.Max(1, ChunkElements / inner),
                BlocksPerRow = (inner + ChunkElements - 1) / ChunkElements, X = X.Pointer<T>(), Y = Y.PointerOrNull<T>(),
                Z = Z.PointerOrNull<T>(), W = W.PointerOrNull<T>(), Output = Output.Pointer<T>(),
            };
            cpu.Workers.Run(ref job, job.BlocksPerRow > 1 ? rows * job.BlocksPerRow : (rows + job.RowsPerChunk - 1) / job.RowsPerChunk);
        }
    }

    /// <summary>
    /// A chunk is some whole rows (runs along the innermost axis), or a block of one long row. An argument that is broadcast along a row
    /// is read from a vector on the stack with step 0, so the loop over a row has no branches.
    /// </summary>
    private struct MapJob<T, TLane, TOp> : IJob
        where T : unmanaged
        where TLane : unmanaged, IVectorLane<TLane, T>
        where TOp : unmanaged, IMapOp
    {
        public TOp Op;
        public BroadcastPlan Plan;
        public int Rows, RowsPerChunk, BlocksPerRow;
        public T* X, Y, Z, W, Output;

        public readonly void Run(int chunk)
        {
            int inner = Plan.Inner;
            if (BlocksPerRow > 1)
            {
                int start = chunk % BlocksPerRow * ChunkElements;
                Row(chunk / BlocksPerRow, start, Math.Min(ChunkElements, inner - start));
                return;
            }

            int end = Math.Min(Rows, (chunk + 1) * RowsPerChunk);
            for (int row = chunk * RowsPerChunk; row < end; row++) Row(row, 0, inner);
        }

        private readonly void Row(int row, int start, int count)
        {
            T* filled = stackalloc T[4 * 16];
            T* x = Argument(0, X, row, start, filled, out int xStep);
            T* y = TOp.Arity > 1 ? Argument(1, Y, row, start, filled + 16, out int yStep) : Unused(out yStep);
            T* z = TOp.Arity > 2 ? Argument(2, Z, row, start, filled + 32, out int zStep) : Unused(out zStep);
            T* w = TOp.Arity > 3 ? Argument(3, W, row, start, filled + 48, out int wStep) : Unused(out wStep);
            T* output = Output + ((long)row * Plan.Inner) + start;
            TOp op = Op;

            int i = 0;
            for (; i <= count - TLane.Count; i += TLane.Count)
            {
                TLane.Store(Apply(op, x, y, z, w), output + i);
                x += xStep;
                y += yStep;
                z += zStep;
                w += wStep;
            }

            // The tail goes through the same code on padded vectors, so an element's value does not depend on where it stands.
            int left = count - i;
            if (left == 0) return;
            T* padded = stackalloc T[5 * 16];
            Pad(ref x, xStep, left, padded);
            if (TOp.Arity > 1) Pad(ref y, yStep, left, padded + 16);
            if (TOp.Arity > 2) Pad(ref z, zStep, left, padded + 32);
            if (TOp.Arity > 3) Pad(ref w, wStep, left, padded + 48);
            TLane.Store(Apply(op, x, y, z, w), padded + 64);
            for (int k = 0; k < left; k++) output[i + k] = padded[64 + k];
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TLane Apply(TOp op, T* x, T* y, T* z, T* w) => op.Apply(
            TLane.Load(x),
            TOp.Arity > 1 ? TLane.Load(y) : default,
            TOp.Arity > 2 ? TLane.Load(z) : default,
            TOp.Arity > 3 ? TLane.Load(w) : default);

        private static T* Unused(out int step)
        {
            step = 0;
            return null;
        }

        private readonly T* Argument(int index, T* data, int row, int start, T* filled, out int step)
        {
            long offset = 0;
            for (int axis = Plan.Rank - 2; axis >= 0; axis--)
            {
                int extent = Plan.Extents[axis];
                offset += (long)(row % extent) * Plan.Steps[(index * Shape.MaxRank) + axis];
                row /= extent;
            }

            bool moves = Plan.Steps[(index * Shape.MaxRank) + Plan.Rank - 1] != 0;
            step = moves ? TLane.Count : 0;
            if (moves) return data + offset + start;
            TLane.Store(TLane.Fill(data[offset]), filled);
            return filled;
        }

        private static void Pad(ref T* data, int step, int count, T* padded)
        {
            if (step == 0) return;
            for (int k = 0; k < count; k++) padded[k] = data[k];
            data = padded;
        }
    }
}
