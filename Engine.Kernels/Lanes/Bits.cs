using System.Runtime.CompilerServices;

namespace Engine.Kernels.Lanes;

/// <summary>The bits of a number as an integer, and back: the one place where the scalar lanes leave arithmetic.</summary>
internal static class Bits
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int FloatAsInt(float value) => BitConverter.SingleToInt32Bits(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float IntAsFloat(int bits) => BitConverter.Int32BitsToSingle(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long DoubleAsLong(double value) => BitConverter.DoubleToInt64Bits(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double LongAsDouble(long bits) => BitConverter.Int64BitsToDouble(bits);
}
