namespace Engine.Kernels.RandomNumbers.Host;

/// <summary>
/// Runs random operations on the host: the words of some groups first, then the operation on each group while they are in the cache.
/// </summary>
internal readonly unsafe record struct HostRandom<TOperation>(
    Storage? X, Storage Y, TOperation Operation, ulong Key, long Offset) : IVectorWork
    where TOperation : unmanaged, IRandomOperation
{
    private const int GroupsInBatch = 16;
    private const int GroupsInChunk = 256;

    void IVectorWork.Run<T, V>(CpuDevice cpu) => Run<T, V>(cpu);

    /// <summary>Runs with vectors of a given width, whatever the machine prefers.</summary>
    internal void Run<T, V>(CpuDevice cpu)
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        Job<T, V> job = new()
        {
            X = X.PointerOrNull<T>(), Y = Y.Pointer<T>(), Length = Y.Length, Key = Key,
            FirstGroup = (ulong)Offset / Philox.Group, Operation = Operation,
        };
        const int Chunk = GroupsInChunk * Philox.Group;
        cpu.Workers.Run(ref job, (int)(((long)Y.Length + Chunk - 1) / Chunk));
    }

    private static void Fill<V>(uint* words, int groups, ulong key, ulong firstGroup, uint plane) where V : unmanaged
    {
        if (sizeof(V) == Vector512<byte>.Count) HostPhilox<Words512>.Fill(words, groups, key, firstGroup, plane);
        else if (sizeof(V) == Vector256<byte>.Count) HostPhilox<Words256>.Fill(words, groups, key, firstGroup, plane);
        else HostPhilox<Words128>.Fill(words, groups, key, firstGroup, plane);
    }

    private struct Job<T, V> : IJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* X, Y;
        internal int Length;
        internal ulong Key, FirstGroup;
        internal TOperation Operation;

        public readonly void Run(int chunk)
        {
            uint* words = stackalloc uint[GroupsInBatch * Philox.Group];
            uint* lowWords = stackalloc uint[GroupsInBatch * Philox.Group];
            bool takesLow = V.IsDouble && TOperation.TakesLowWords;
            int end = (int)Math.Min(((long)Length + Philox.Group - 1) / Philox.Group, (chunk + 1L) * GroupsInChunk);
            for (int first = chunk * GroupsInChunk; first < end; first += GroupsInBatch)
            {
                int groups = Math.Min(GroupsInBatch, end - first);
                Fill<V>(words, groups, Key, FirstGroup + (ulong)first, 0);
                if (takesLow) Fill<V>(lowWords, groups, Key, FirstGroup + (ulong)first, 1);
                for (int group = 0; group < groups; group++)
                {
                    int start = (first + group) * Philox.Group;
                    int offset = group * Philox.Group;
                    T* x = X == null ? null : X + start;
                    if (Length - start < Philox.Group) RunPart(words + offset, lowWords + offset, start);
                    else RunGroup(words + offset, lowWords + offset, x, Y + start);
                }
            }
        }

        /// <summary>The 64 elements of a group: pairs are words 0 and 1, and 2 and 3, of one block, sixteen apart.</summary>
        private readonly void RunGroup(uint* words, uint* lowWords, T* x, T* y)
        {
            TOperation operation = Operation;
            for (int pairs = 0; pairs < Philox.Group; pairs += 2 * Philox.BlocksInGroup)
            {
                for (int i = pairs; i < pairs + Philox.BlocksInGroup; i += V.Count)
                {
                    int j = i + Philox.BlocksInGroup;
                    V y0 = V.Of(0), y1 = y0;
                    if (x != null) (y0, y1) = (V.Load(x + i), V.Load(x + j));
                    operation.Apply(new Words<T, V>(words + i, lowWords + i), ref y0, ref y1);
                    V.Store(y0, y + i);
                    V.Store(y1, y + j);
                }
            }
        }

        /// <summary>The last group, of fewer than 64 elements, by way of a whole one.</summary>
        private readonly void RunPart(uint* words, uint* lowWords, int start)
        {
            T* whole = stackalloc T[Philox.Group];
            int count = Length - start;
            if (X != null) new Span<T>(X + start, count).CopyTo(new Span<T>(whole, count));
            RunGroup(words, lowWords, X == null ? null : whole, whole);
            new Span<T>(whole, count).CopyTo(new Span<T>(Y + start, count));
        }
    }

    private readonly struct Words<T, V>(uint* words, uint* lowWords) : IRandomWords<V>
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V First(int shift) => V.LoadWords(words, shift);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Second(int shift) => V.LoadWords(words + Philox.BlocksInGroup, shift);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V FirstLow(int shift) => V.LoadWords(lowWords, shift);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V SecondLow(int shift) => V.LoadWords(lowWords + Philox.BlocksInGroup, shift);
    }
}
