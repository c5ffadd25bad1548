namespace Engine.Kernels.Reductions.Host;

/// <summary>
/// The partial results of a row on the host, as many as a vector of 512 bits has elements, on every processor: so the same inputs give the
/// same bits with vectors of 256 and of 128 bits.
/// </summary>
/// <remarks>
/// Loops take the elements in groups of so many. Vectors of 256 bits walk over the first halves of all groups and then over the second,
/// those of 128 bits over one quarter after the other, which keeps the loop of any width as small as that of one vector; a piece of a row
/// stays in the nearest cache meanwhile. Where the cache is what a loop waits for, narrower vectors take two accumulators where 512 bits
/// take one.
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
        // Every fourth one after the other, four such chains side by side.
        Double256 chains = Four(parts);
        for (int i = 4; i < count; i += 4) chains = op.Combine(chains, Four(parts + i));
        Vector256<double> x = chains.Value;
        return op.Combine(op.Combine(x[0], x[1]), op.Combine(x[2], x[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Double256 Four<T>(T* parts) where T : unmanaged => new(typeof(T) == typeof(float)
        ? Vector256.WidenLower(Vector128.Load((float*)parts).ToVector256Unsafe()) : Vector256.Load((double*)parts));

    /// <summary>The sum of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Sum<T>(T* parts) where T : unmanaged, INumber<T> => Combine(default(SumReduction), parts);

    /// <summary>Whether a vector has fewer elements than there are partial results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsPart<V>() where V : unmanaged => sizeof(V) < Vector512<byte>.Count;

    /// <summary>Whether a vector has a quarter as many elements as there are partial results.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsQuarter<V>() where V : unmanaged => sizeof(V) == Vector128<byte>.Count;
}
