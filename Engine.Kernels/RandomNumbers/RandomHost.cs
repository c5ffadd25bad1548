using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.RandomNumbers;

/// <summary>What becomes of the 64 random words of a group, on vectors.</summary>
internal unsafe interface IRandomOperation
{
    /// <summary>True when float64 takes further bits from plane 1.</summary>
    static abstract bool TakesLowWords { get; }

    /// <summary>
    /// Computes the 64 elements <paramref name="y"/> from words and, where the operation has an input, from the 64 elements
    /// <paramref name="x"/>, which may be the same memory.
    /// </summary>
    void Run<TLane, T>(uint* words, uint* lowWords, T* x, T* y) where TLane : unmanaged, IVectorLane<TLane, T> where T : unmanaged;
}

/// <summary>
/// Runs random operations on the host: the words of some groups first, then the operation on each group while they are in the cache.
/// </summary>
internal static unsafe class RandomHost
{
    private const int GroupsInBatch = 16;
    private const int GroupsInChunk = 256;

    internal static void Run<TOperation>(CpuDevice device, Storage? x, Storage y, TOperation operation, ulong key, long offset)
        where TOperation : struct, IRandomOperation
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (y.DType == DType.Float32 && wide) Run<TOperation, Float512, float>(device, x, y, operation, key, offset);
        else if (y.DType == DType.Float32) Run<TOperation, Float256, float>(device, x, y, operation, key, offset);
        else if (wide) Run<TOperation, Double512, double>(device, x, y, operation, key, offset);
        else Run<TOperation, Double256, double>(device, x, y, operation, key, offset);
    }

    /// <summary>With vectors of a given width, whatever the machine prefers; x is null where the operation has no input.</summary>
    internal static void Run<TOperation, TLane, T>(CpuDevice device, Storage? x, Storage y, TOperation operation, ulong key, long offset)
        where TOperation : struct, IRandomOperation
        where TLane : unmanaged, IVectorLane<TLane, T>
        where T : unmanaged
    {
        Job<TOperation, TLane, T> job = new()
        {
            X = x is null ? null : x.Pointer<T>(),
            Y = y.Pointer<T>(),
            Length = y.Length,
            Key = key,
            FirstGroup = (ulong)offset / Philox.Group,
            Operation = operation,
        };
        const int chunk = GroupsInChunk * Philox.Group;
        device.Workers.Run(ref job, (int)(((long)y.Length + chunk - 1) / chunk));
    }

    private static void Fill(uint* words, int groups, ulong key, ulong firstGroup, uint plane)
    {
        if (Vector512.IsHardwareAccelerated) Philox512.Fill(words, groups, key, firstGroup, plane);
        else Philox256.Fill(words, groups, key, firstGroup, plane);
    }

    private struct Job<TOperation, TLane, T> : IJob
        where TOperation : struct, IRandomOperation
        where TLane : unmanaged, IVectorLane<TLane, T>
        where T : unmanaged
    {
        public T* X;
        public T* Y;
        public int Length;
        public ulong Key;
        public ulong FirstGroup;
        public TOperation Operation;

        public readonly void Run(int chunk)
        {
            uint* words = stackalloc uint[GroupsInBatch * Philox.Group];
            uint* lowWords = stackalloc uint[GroupsInBatch * Philox.Group];
            bool takesLow = TLane.IsDouble && TOperation.TakesLowWords;
            int end = (int)Math.Min(((long)Length + Philox.Group - 1) / Philox.Group, (chunk + 1L) * GroupsInChunk);
            for (int first = chunk * GroupsInChunk; first < end; first += GroupsInBatch)
            {
                int groups = Math.Min(GroupsInBatch, end - first);
                Fill(words, groups, Key, FirstGroup + (ulong)first, 0);
                if (takesLow) Fill(lowWords, groups, Key, FirstGroup + (ulong)first, 1);
                for (int group = 0; group < groups; group++)
                {
                    int start = (first + group) * Philox.Group;
                    int offset = group * Philox.Group;
                    T* x = X == null ? null : X + start;
                    if (Length - start < Philox.Group) RunPart(words + offset, lowWords + offset, start);
                    else Operation.Run<TLane, T>(words + offset, lowWords + offset, x, Y + start);
                }
            }
        }

        /// <summary>The last group, of fewer than 64 elements, by way of a whole one.</summary>
        private readonly void RunPart(uint* words, uint* lowWords, int start)
        {
            T* whole = stackalloc T[Philox.Group];
            int count = Length - start;
            if (X != null) new Span<T>(X + start, count).CopyTo(new Span<T>(whole, count));
            Operation.Run<TLane, T>(words, lowWords, whole, whole);
            new Span<T>(whole, count).CopyTo(new Span<T>(Y + start, count));
        }
    }
}
