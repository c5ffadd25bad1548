namespace Engine.Kernels.Reductions.Host;

/// <summary>
/// The partial results of a row on the host, as many as a vector of 512 bits has elements, on every processor: so the same inputs give the
/// same bits with vectors of 256 bits.
/// </summary>
/// <remarks>
/// Where 512 bits take one accumulator, vectors of 256 bits take two: loops have twice as many bodies, of which the compiler leaves out the
/// second half for wide vectors. A type for pairs of vectors would need no second half, but is more than the compiler inlines.
/// </remarks>
internal static unsafe class PartialSums
{
    /// <summary>How many there are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Count<T>() where T : unmanaged => Vector512<byte>.Count / sizeof(T);

    /// <summary>Brings them together, in double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Combine<T, TOp>(TOp op, T* parts)
        where T : unmanaged, INumber<T>
        where TOp : struct, IReduction => Combine(op, parts, Count<T>());

    /// <summary>Brings <paramref name="count"/> partial results together, a multiple of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Combine<T, TOp>(TOp op, T* parts, int count)
        where T : unmanaged, INumber<T>
        where TOp : struct, IReduction
    {
        double a = double.CreateTruncating(parts[0]);
        double b = double.CreateTruncating(parts[1]);
        double c = double.CreateTruncating(parts[2]);
        double d = double.CreateTruncating(parts[3]);
        for (int i = 4; i < count; i += 4)
        {
            a = op.Combine(a, double.CreateTruncating(parts[i]));
            b = op.Combine(b, double.CreateTruncating(parts[i + 1]));
            c = op.Combine(c, double.CreateTruncating(parts[i + 2]));
            d = op.Combine(d, double.CreateTruncating(parts[i + 3]));
        }

        return op.Combine(op.Combine(a, b), op.Combine(c, d));
    }

    /// <summary>The sum of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Sum<T>(T* parts) where T : unmanaged, INumber<T> => Combine(default(SumReduction), parts);

    /// <summary>Whether a vector has half as many elements as there are partial results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsHalf<V>() where V : unmanaged => sizeof(V) < Vector512<byte>.Count;

    /// <summary>Keeps the sums of a loop over two vectors of 512 bits: of 256 bits, a and b are the halves of the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store<V, T>(V a, V b, V c, V d, T* parts)
        where V : unmanaged, IVectorLane<V, T>
        where T : unmanaged
    {
        V.Store(IsHalf<V>() ? a + c : a + b, parts);
        if (IsHalf<V>()) V.Store(b + d, parts + V.Count);
    }
}
