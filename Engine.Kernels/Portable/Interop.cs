using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>The bits of a floating-point number as an integer, and back; the size of a type.</summary>
internal static class Interop
{
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);

    public static ulong FloatAsInt(double value) => BitConverter.DoubleToUInt64Bits(value);

    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);

    public static double IntAsFloat(ulong value) => BitConverter.UInt64BitsToDouble(value);

    public static int SizeOf<T>()
        where T : unmanaged => Unsafe.SizeOf<T>();
}
