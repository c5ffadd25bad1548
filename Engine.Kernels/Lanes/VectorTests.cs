namespace Engine.Kernels.Lanes;

/// <summary>Questions about all elements of a vector, which host code may branch on.</summary>
internal static unsafe class VectorTests
{
    /// <summary>Whether all elements of two vectors are equal; false where one is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool AreEqual<V, T>(V x, V y)
        where V : unmanaged, IVectorLane<V, T>
        where T : unmanaged =>
        sizeof(V) == Vector512<byte>.Count ? Vector512.EqualsAll(Unsafe.BitCast<V, Vector512<T>>(x), Unsafe.BitCast<V, Vector512<T>>(y))
        : sizeof(V) == Vector256<byte>.Count ? Vector256.EqualsAll(Unsafe.BitCast<V, Vector256<T>>(x), Unsafe.BitCast<V, Vector256<T>>(y))
        : Vector128.EqualsAll(Unsafe.BitCast<V, Vector128<T>>(x), Unsafe.BitCast<V, Vector128<T>>(y));
}
