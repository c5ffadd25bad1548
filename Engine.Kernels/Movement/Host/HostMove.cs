namespace Engine.Kernels.Movement.Host;

/// <summary>Moves of elements on the host.</summary>
internal static unsafe class HostMove
{
    /// <summary>Elements below which a second thread costs more than it brings.</summary>
    private const int ChunkElements = 16384;

    internal static void Copy(CpuDevice cpu, Storage x, int xStart, Storage y, int yStart, StridedCopy copy)
    {
        // Bits are moved, whatever they mean: float and int take the same path.
        if (x.DType.SizeInBytes() == 8) StridedCopyJob<ulong>.Run(cpu, x.Pointer<ulong>() + xStart, y.Pointer<ulong>() + yStart, copy);
        else StridedCopyJob<uint>.Run(cpu, x.Pointer<uint>() + xStart, y.Pointer<uint>() + yStart, copy);
    }

    internal static void Fill(CpuDevice cpu, Storage y, double value)
    {
        switch (y.DType)
        {
            case DType.Float32: Fill<float>(cpu, y, (float)value); break;
            case DType.Float64: Fill<double>(cpu, y, value); break;
            default: Fill<int>(cpu, y, int.CreateSaturating(value)); break;
        }
    }

    private static void Fill<T>(CpuDevice cpu, Storage y, T value) where T : unmanaged
    {
        FillJob<T> job = new() { Y = y.Pointer<T>(), Length = y.Length, Value = value };
        cpu.Workers.Run(ref job, Chunks(y.Length));
    }

    internal static void Convert(CpuDevice cpu, Storage x, Storage y)
    {
        switch (x.DType, y.DType)
        {
            case (DType.Float32, DType.Float64): Convert<float, double>(cpu, x, y); break;
            case (DType.Float32, _): Convert<float, int>(cpu, x, y); break;
            case (DType.Float64, DType.Float32): Convert<double, float>(cpu, x, y); break;
            case (DType.Float64, _): Convert<double, int>(cpu, x, y); break;
            case (_, DType.Float32): Convert<int, float>(cpu, x, y); break;
            default: Convert<int, double>(cpu, x, y); break;
        }
    }

    private static void Convert<TFrom, TTo>(CpuDevice cpu, Storage x, Storage y)
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        ConvertJob<TFrom, TTo> job = new() { X = x.Pointer<TFrom>(), Y = y.Pointer<TTo>(), Length = y.Length };
        cpu.Workers.Run(ref job, Chunks(y.Length));
    }

    internal static void Gather(CpuDevice cpu, Storage x, int width, Storage indices, Storage y)
    {
        GatherJob job = new()
        {
            X = x.Pointer<byte>(), Indices = indices.Pointer<int>(), Y = y.Pointer<byte>(), RowBytes = (long)width * x.DType.SizeInBytes(),
        };
        cpu.Workers.RunRows(job, indices.Length, Math.Max(1, ChunkElements / width));
    }

    internal static void ScatterAdd(CpuDevice cpu, Storage g, Storage indices, Storage y, int rows, int width)
    {
        switch (g.DType)
        {
            case DType.Float32: ScatterAdd<float>(cpu, g, indices, y, rows, width); break;
            case DType.Float64: ScatterAdd<double>(cpu, g, indices, y, rows, width); break;
            default: ScatterAdd<int>(cpu, g, indices, y, rows, width); break;
        }
    }

    private static void ScatterAdd<T>(CpuDevice cpu, Storage g, Storage indices, Storage y, int rows, int width)
        where T : unmanaged, INumber<T>
    {
        // Each thread owns columns, or rows of the table where they are narrow, and walks over all indices: whoever adds to an
        // element adds everything to it, in rising order, whatever the number of threads.
        int parts = g.Length < ChunkElements ? 1 : cpu.Threads;
        const int LineElements = 16;
        bool byColumns = width >= parts * LineElements;
        int extent = byColumns ? width : rows;
        int part = (extent + parts - 1) / parts;
        if (byColumns) part = (part + LineElements - 1) / LineElements * LineElements;
        ScatterAddJob<T> job = new()
        {
            G = g.Pointer<T>(), Indices = indices.Pointer<int>(), Y = y.Pointer<T>(), Count = indices.Length,
            Rows = rows, Width = width, ByColumns = byColumns, Part = part,
        };
        cpu.Workers.Run(ref job, (extent + part - 1) / part);
    }

    private static int Chunks(int elements) => (int)(((long)elements + ChunkElements - 1) / ChunkElements);

    private struct FillJob<T> : IJob where T : unmanaged
    {
        internal T* Y;
        internal int Length;
        internal T Value;

        public readonly void Run(int chunk)
        {
            int start = chunk * ChunkElements;
            new Span<T>(Y + start, Math.Min(ChunkElements, Length - start)).Fill(Value);
        }
    }

    private struct ConvertJob<TFrom, TTo> : IJob
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        internal TFrom* X;
        internal TTo* Y;
        internal int Length;

        public readonly void Run(int chunk)
        {
            int start = chunk * ChunkElements;
            int end = start + Math.Min(ChunkElements, Length - start);
            for (int i = start; i < end; i++) Y[i] = TTo.CreateSaturating(X[i]);
        }
    }

    private struct GatherJob : IRowJob
    {
        internal byte* X, Y;
        internal int* Indices;
        internal long RowBytes;

        public readonly void Row(int row) => Buffer.MemoryCopy(X + (Indices[row] * RowBytes), Y + (row * RowBytes), RowBytes, RowBytes);
    }

    private struct ScatterAddJob<T> : IJob where T : unmanaged, INumber<T>
    {
        internal T* G, Y;
        internal int* Indices;
        internal int Count, Rows, Width, Part;
        internal bool ByColumns;

        public readonly void Run(int chunk)
        {
            int firstRow = ByColumns ? 0 : chunk * Part;
            int ownRows = ByColumns ? Rows : Math.Min(Part, Rows - firstRow);
            int firstColumn = ByColumns ? chunk * Part : 0;
            int ownColumns = ByColumns ? Math.Min(Part, Width - firstColumn) : Width;
            for (int i = 0; i < Count; i++)
            {
                int row = Indices[i];
                if ((uint)(row - firstRow) >= (uint)ownRows) continue;
                AddRow(G + ((nint)i * Width) + firstColumn, Y + ((nint)row * Width) + firstColumn, ownColumns);
            }
        }

        // One addition is rounded the same way in a vector and alone, so a plain tail changes nothing.
        private static void AddRow(T* g, T* y, int count)
        {
            int i = 0;
            for (; i <= count - Vector256<T>.Count; i += Vector256<T>.Count) (Vector256.Load(y + i) + Vector256.Load(g + i)).Store(y + i);
            for (; i < count; i++) y[i] += g[i];
        }
    }
}
