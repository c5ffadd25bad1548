using System.Numerics;
using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;

namespace Engine.Kernels.Movement;

public static unsafe partial class Move
{
    private static void GatherHost(CpuDevice cpu, Storage x, int width, Storage indices, Storage y)
    {
        long bytes = (long)width * x.DType.SizeInBytes();
        GatherJob job = new()
        {
            X = x.Pointer<byte>(), Indices = indices.Pointer<int>(), Y = y.Pointer<byte>(), Count = indices.Length, RowBytes = bytes,
            RowsInChunk = Math.Max(1, ChunkElements / width),
        };
        cpu.Workers.Run(ref job, (int)(((long)job.Count + job.RowsInChunk - 1) / job.RowsInChunk));
    }

    private static void ScatterAddHost(CpuDevice cpu, Storage g, Storage indices, Storage y, int rows, int width)
    {
        switch (g.DType)
        {
            case DType.Float32: ScatterAddHost<float>(cpu, g, indices, y, rows, width); break;
            case DType.Float64: ScatterAddHost<double>(cpu, g, indices, y, rows, width); break;
            default: ScatterAddHost<int>(cpu, g, indices, y, rows, width); break;
        }
    }

    private static void ScatterAddHost<T>(CpuDevice cpu, Storage g, Storage indices, Storage y, int rows, int width)
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

    private struct GatherJob : IJob
    {
        internal byte* X;
        internal int* Indices;
        internal byte* Y;
        internal int Count;
        internal long RowBytes;
        internal int RowsInChunk;

        public readonly void Run(int chunk)
        {
            int start = chunk * RowsInChunk;
            int end = start + Math.Min(RowsInChunk, Count - start);
            for (int i = start; i < end; i++) Buffer.MemoryCopy(X + (Indices[i] * RowBytes), Y + (i * RowBytes), RowBytes, RowBytes);
        }
    }

    private struct ScatterAddJob<T> : IJob where T : unmanaged, INumber<T>
    {
        internal T* G;
        internal int* Indices;
        internal T* Y;
        internal int Count;
        internal int Rows;
        internal int Width;
        internal bool ByColumns;
        internal int Part;

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
