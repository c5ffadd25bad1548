using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Lanes;

/// <summary>
/// The bits of a number as an integer, and back: the one place where the scalar lanes leave arithmetic, by what ILGPU compiles to a move.
/// </summary>
internal static class Bits
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int FloatAsInt(float value) => (int)Interop.FloatAsInt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float IntAsFloat(int bits) => Interop.IntAsFloat((uint)bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long DoubleAsLong(double value) => (long)Interop.FloatAsInt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double LongAsDouble(long bits) => Interop.IntAsFloat((ulong)bits);
}
