using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.RandomNumbers.Host;

internal readonly unsafe record struct HostRandomCategorical(
    Storage Logits, int Rows, int Classes, Storage Indices, ulong Key, long Offset) : IVectorWork
{
    /// <summary>Exponentials that are kept at a time.</summary>
    private const int BlockLength = 256;

    void IVectorWork.Run<T, V>(CpuDevice cpu)
    {
        Job<T, V> job = new()
        {
            Logits = Logits.Pointer<T>(), Indices = Indices.Pointer<int>(), Rows = Rows, Classes = Classes,
            RowsInChunk = Math.Max(1, 4096 / Classes), Key = Key, First = (ulong)Offset,
        };
        cpu.Workers.Run(ref job, (int)(((long)Rows + job.RowsInChunk - 1) / job.RowsInChunk));
    }

    private struct Job<T, V> : IJob
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
    {
        internal T* Logits;
        internal int* Indices;
        internal int Rows, Classes, RowsInChunk;
        internal ulong Key, First;

        public readonly void Run(int chunk)
        {
            T* weights = stackalloc T[BlockLength];
            int start = chunk * RowsInChunk, end = start + Math.Min(RowsInChunk, Rows - start);
            for (int row = start; row < end; row++) Indices[row] =
                Draw(Logits + ((nint)row * Classes), Uniform(First + (ulong)row), weights);
        }

        private readonly int Draw(T* z, T u, T* weights)
        {
            T maximum = T.CreateTruncating(RowReduction<T, V, MaxReduction>.Contiguous(default, z, Classes, V.Of(0)));
            if (!T.IsFinite(maximum)) return -1;
            T total = T.Zero;
            for (int block = 0; block < Classes; block += BlockLength)
            {
                int count = Weigh(z, block, maximum, weights);
                for (int i = 0; i < count; i++) total += weights[i];
            }

            // The least class whose cumulative weight is above u: as u < 1 the last one's is.
            T wanted = u * total, sum = T.Zero;
            for (int block = 0; block < Classes; block += BlockLength)
            {
                int count = Classes <= BlockLength ? Classes : Weigh(z, block, maximum, weights);
                for (int i = 0; i < count; i++)
                {
                    sum += weights[i];
                    if (sum > wanted) return block + i;
                }
            }

            return -1;
        }

        /// <summary>weights[i] = e^(z[block + i] - maximum); returns how many.</summary>
        private readonly int Weigh(T* z, int block, T maximum, T* weights)
        {
            int count = Math.Min(BlockLength, Classes - block);
            V above = V.Fill(maximum);
            for (int i = 0; i < count; i += V.Count)
            {
                V x = PartialVector.LoadUpTo(z + block + i, count - i, above);
                V.Store(LaneMath.Exp(x - above), weights + i);
            }

            return count;
        }

        // The number that RandomUniform gives at the index.
        private readonly T Uniform(ulong index) => V.IsDouble
            ? T.CreateTruncating((Philox.Word(Key, index) * (1.0 / (1L << 32))) + ((Philox.Word(Key, index, 1) >> 11) * (1.0 / (1L << 53))))
            : T.CreateTruncating((Philox.Word(Key, index) >> 8) * (1.0 / (1 << 24)));
    }
}
