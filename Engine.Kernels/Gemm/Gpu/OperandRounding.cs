using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>What tensor cores take instead of float32 numbers.</summary>
internal interface IOperandRounding
{
    /// <summary>Numbers in 16 bytes.</summary>
    static abstract int PerChunk { get; }

    /// <summary>
    /// Two or one neighbouring numbers, as they lie in memory; <paramref name="second"/> is not looked at where four bytes hold one number.
    /// </summary>
    static abstract uint Pack(float first, float second);
}

/// <summary>TF32: a float32 number whose last 13 bits are zero, rounded to nearest, halves away from zero, as cvt.rna.tf32 does.</summary>
internal readonly struct Tf32Rounding : IOperandRounding
{
    public static int PerChunk => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float first, float second)
    {
        uint bits = Interop.FloatAsInt(first);
        if ((bits & 0x7F800000u) != 0x7F800000u) return (bits + 0x1000u) & 0xFFFFE000u;

        // Infinities stay; what is cut off a NaN must not make it one.
        return (bits & 0x007FFFFFu) != 0 ? (bits | 0x00400000u) & 0xFFFFE000u : bits;
    }
}

/// <summary>
/// bfloat16: the upper half of a float32 number, rounded to nearest, halves to even; two in four bytes, the first one in the lower half.
/// </summary>
internal readonly struct BFloat16Rounding : IOperandRounding
{
    public static int PerChunk => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float first, float second) => (Round(first) >> 16) | (Round(second) & 0xFFFF0000u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Round(float x)
    {
        uint bits = Interop.FloatAsInt(x);
        if ((bits & 0x7F800000u) != 0x7F800000u) return bits + 0x7FFFu + ((bits >> 16) & 1u);
        return (bits & 0x007FFFFFu) != 0 ? bits | 0x00400000u : bits;
    }
}
