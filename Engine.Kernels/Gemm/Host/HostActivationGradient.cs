using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Gemm.Host;

/// <summary><see cref="ActivationGradient"/> on the host.</summary>
internal static unsafe class HostActivationGradient
{
    internal readonly struct Pass<TOp>(
        TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage sums) : IVectorWork
        where TOp : unmanaged, IBinaryOp
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            Cut cut = new(rows, columns, PartialSums.Count<T>());
            using Scratch scratch = new(cpu, gradient.DType, checked(cut.Pieces * cut.Pitch));
            PanelJob<T, V, TOp> job = new()
            {
                Op = op, Cut = cut, Length = gradient.Length,
                G = gradient.Pointer<T>(), Y = output.Pointer<T>(), Result = result.Pointer<T>(), Partial = scratch.Pointer<T>(),
            };
            cpu.Workers.Run(ref job, cut.Pieces * cut.Strips);

            // A line's sums are those of several rows, which lie side by side as the sums of the pieces do.
            int pitch = cut.RowsInLine > 1 ? columns : cut.Pitch;
            HostReduce.SumParts(job.Partial, cut.Pieces * cut.RowsInLine, pitch, columns, sums.Pointer<T>());
        }
    }

    /// <summary>
    /// How an array is cut, by its shape alone. Rows that are short, or end within a vector, are laid end to end until they fill a line of
    /// whole vectors; the lines are cut into pieces, few enough in each to keep rounding errors small, and those of many columns into
    /// strips whose sums stay in the nearest cache.
    /// </summary>
    private readonly struct Cut
    {
        private const int PieceElements = 32768;
        private const int LeastWidth = 128;

        /// <summary>The columns of a strip.</summary>
        internal const int MaxWidth = 2048;

        internal readonly int RowsInLine, Width, Lines, LinesInPiece, Pieces, Strips, Pitch;

        internal Cut(int rows, int columns, int vector)
        {
            // The vector's length is a power of two: what it has in common with the columns is their lowest bit, at most itself.
            long together = vector / Math.Min(vector, columns & -columns);
            while (columns * together < LeastWidth) together *= 2;
            RowsInLine = columns * together <= MaxWidth ? (int)together : 1;
            Width = columns * RowsInLine;
            Lines = ((rows - 1) / RowsInLine) + 1;
            Strips = (Width + MaxWidth - 1) / MaxWidth;
            int most = Math.Clamp(PieceElements / Width, 32, 256);
            int pieces = (Lines + most - 1) / most;
            LinesInPiece = (Lines + pieces - 1) / pieces;
            Pieces = (Lines + LinesInPiece - 1) / LinesInPiece;
            Pitch = (Width + vector - 1) / vector * vector;
        }
    }

    /// <summary>Walks a piece along its lines, two at a time, so that memory is read and written in long runs.</summary>
    private struct PanelJob<T, V, TOp> : IJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
        where TOp : unmanaged, IBinaryOp
    {
        /// <summary>Whether the elements stay as they are, so that there are sums alone to compute.</summary>
        private static bool IsIdentity => typeof(TOp) == typeof(IdentityGradient);

        internal TOp Op;
        internal Cut Cut;
        internal int Length;
        internal T* G, Y, Result, Partial;

        public readonly void Run(int chunk)
        {
            (int piece, int strip) = Math.DivRem(chunk, Cut.Strips);
            int column = strip * Cut.MaxWidth;
            int width = Math.Min(Cut.MaxWidth, Cut.Width - column);
            T* sums = Partial + ((nint)piece * Cut.Pitch) + column;
            new Span<T>(sums, Math.Min(Cut.MaxWidth, Cut.Pitch - column)).Clear();

            // The last line may be short.
            int line = piece * Cut.LinesInPiece;
            int end = Math.Min(Cut.Lines, line + Cut.LinesInPiece);
            int whole = Math.Min(end, Length / Cut.Width);
            for (; line <= whole - 2; line += 2) Two(((nint)line * Cut.Width) + column, width, sums);
            for (; line < whole; line++) One(((nint)line * Cut.Width) + column, width, sums);
            if (line < end) One((nint)line * Cut.Width, Length - (line * Cut.Width), sums);
        }

        private readonly void Two(nint start, int width, T* sums)
        {
            T* g = G + start;
            T* y = Y + start;
            T* result = Result + start;
            int i = 0;
            for (; i <= width - V.Count; i += V.Count) Two(default(Whole<T, V>), g + i, y + i, result + i, sums + i);
            if (i < width) Two(new First<T, V>(width - i), g + i, y + i, result + i, sums + i);
        }

        private readonly void One(nint start, int width, T* sums)
        {
            T* g = G + start;
            T* y = Y + start;
            T* result = Result + start;
            int i = 0;
            for (; i <= width - V.Count; i += V.Count) One(default(Whole<T, V>), g + i, y + i, result + i, sums + i);
            if (i < width) One(new First<T, V>(width - i), g + i, y + i, result + i, sums + i);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Two<TReach>(TReach reach, T* g, T* y, T* result, T* sums) where TReach : struct, IReach<T, V>
        {
            V first = Element(reach, g, y);
            V second = Element(reach, g + Cut.Width, y + Cut.Width);
            if (!IsIdentity) reach.Store(first, result);
            if (!IsIdentity) reach.Store(second, result + Cut.Width);
            V.Store(V.Load(sums) + (first + second), sums);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void One<TReach>(TReach reach, T* g, T* y, T* result, T* sums) where TReach : struct, IReach<T, V>
        {
            V only = Element(reach, g, y);
            if (!IsIdentity) reach.Store(only, result);
            V.Store(V.Load(sums) + only, sums);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly V Element<TReach>(TReach reach, T* g, T* y) where TReach : struct, IReach<T, V> =>
            IsIdentity ? reach.Load(g) : Op.Apply(reach.Load(g), reach.Load(y));
    }
}
