using System.Numerics;

namespace Engine.Kernels.Norms;

/// <summary>Brings the partial sums of several pieces of work together, in the order of the pieces.</summary>
internal static unsafe class PartialSums
{
    /// <summary>
    /// sum[i] = the sum over <paramref name="pieces"/> rows, <paramref name="stride"/> apart, of their element i; added up in double.
    /// </summary>
    internal static void Add<T>(T* partial, int pieces, int stride, int count, T* sum) where T : unmanaged, INumber<T>
    {
        const int Columns = 64;
        double* totals = stackalloc double[Columns];
        for (int start = 0; start < count; start += Columns)
        {
            int width = Math.Min(Columns, count - start);
            new Span<double>(totals, width).Clear();
            for (int piece = 0; piece < pieces; piece++)
            {
                T* row = partial + ((nint)piece * stride) + start;
                for (int i = 0; i < width; i++) totals[i] += double.CreateTruncating(row[i]);
            }

            for (int i = 0; i < width; i++) sum[start + i] = T.CreateTruncating(totals[i]);
        }
    }
}
