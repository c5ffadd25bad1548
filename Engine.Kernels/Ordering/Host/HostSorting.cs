using System.Buffers;

namespace Engine.Kernels.Ordering.Host;

/// <summary>
/// Sorting on the host, by the runtime's introsort of whole numbers in the order of the elements; threads share the rows.
/// </summary>
internal static unsafe class HostSorting
{
    /// <summary>Elements below which a second thread costs more than it brings.</summary>
    private const int ChunkElements = 1024;

    internal static void ArgSort(CpuDevice cpu, Storage x, int rows, int columns, bool descending, int places, Storage indices)
    {
        if (x.DType == DType.Float32) ArgSort<float>(cpu, x, rows, columns, descending, places, indices);
        else ArgSort<double>(cpu, x, rows, columns, descending, places, indices);
    }

    private static void ArgSort<T>(CpuDevice cpu, Storage x, int rows, int columns, bool descending, int places, Storage indices)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ArgSortJob<T> job = new()
        {
            X = x.Pointer<T>(), Indices = indices.Pointer<int>(), Columns = columns, Places = places, Descending = descending,
        };
        cpu.Workers.RunRows(job, rows, Math.Max(1, ChunkElements / columns));
    }

    internal static void Take(CpuDevice cpu, Storage x, int rows, int columns, Storage indices, int places, Storage y)
    {
        // Bits are moved, whatever they mean.
        if (x.DType.SizeInBytes() == 8) Move<ulong>(cpu, x, indices, y, rows, columns, places, isTake: true);
        else Move<uint>(cpu, x, indices, y, rows, columns, places, isTake: true);
    }

    internal static void Put(CpuDevice cpu, Storage g, Storage indices, int rows, int places, int columns, Storage y)
    {
        if (g.DType.SizeInBytes() == 8) Move<ulong>(cpu, g, indices, y, rows, columns, places, isTake: false);
        else Move<uint>(cpu, g, indices, y, rows, columns, places, isTake: false);
    }

    private static void Move<T>(
        CpuDevice cpu, Storage from, Storage indices, Storage to, int rows, int columns, int places, bool isTake) where T : unmanaged
    {
        MoveJob<T> job = new()
        {
            From = from.Pointer<T>(), Indices = indices.Pointer<int>(), To = to.Pointer<T>(), Columns = columns, Places = places,
            IsTake = isTake,
        };
        cpu.Workers.RunRows(job, rows, Math.Max(1, 16 * ChunkElements / columns));
    }

    private struct ArgSortJob<T> : IRowJob where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal T* X;
        internal int* Indices;
        internal int Columns, Places;
        internal bool Descending;

        public readonly void Row(int row)
        {
            ulong[] keys = ArrayPool<ulong>.Shared.Rent(Columns);
            int[] positions = ArrayPool<int>.Shared.Rent(Columns);
            T* x = X + ((nint)row * Columns);
            for (int i = 0; i < Columns; i++) (keys[i], positions[i]) = (Key(x[i]), i);
            Array.Sort(keys, positions, 0, Columns);

            // The sort is not stable, and so equal keys get the order of their positions here.
            for (int start = 0, end; start < Places; start = end)
            {
                for (end = start + 1; end < Columns && keys[end] == keys[start];) end++;
                if (end > start + 1) Array.Sort(positions, start, end - start);
            }

            positions.AsSpan(0, Places).CopyTo(new Span<int>(Indices + ((nint)row * Places), Places));
            ArrayPool<ulong>.Shared.Return(keys);
            ArrayPool<int>.Shared.Return(positions);
        }

        /// <summary>
        /// A whole number in the order of the elements. The bits of positive floats ascend with their values and those of negative ones
        /// descend; adding 0 makes 0 of -0.
        /// </summary>
        private readonly ulong Key(T value)
        {
            long bits = BitConverter.DoubleToInt64Bits(double.CreateTruncating(value) + 0.0);
            ulong key = T.IsNaN(value) ? ulong.MaxValue : bits < 0 ? (ulong)~bits : (ulong)bits | (1UL << 63);
            return Descending ? ~key : key;
        }
    }

    private struct MoveJob<T> : IRowJob where T : unmanaged
    {
        internal T* From, To;
        internal int* Indices;
        internal int Columns, Places;
        internal bool IsTake;

        public readonly void Row(int row)
        {
            T* wide = (IsTake ? From : To) + ((nint)row * Columns);
            T* narrow = (IsTake ? To : From) + ((nint)row * Places);
            int* indices = Indices + ((nint)row * Places);
            if (IsTake)
            {
                for (int i = 0; i < Places; i++) narrow[i] = wide[indices[i]];
            }
            else
            {
                for (int i = 0; i < Places; i++) wide[indices[i]] = narrow[i];
            }
        }
    }
}
