using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Movement.Host;

/// <summary>
/// Transposes a block that fits registers of 128 bits: 4 x 4 words of four bytes, or 2 x 2 of eight. Words travel as floats: nothing is
/// computed, so no bit changes.
/// </summary>
internal static unsafe class RegisterBlock
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Whether the processor has the instructions that bring two vectors together.</summary>
    internal static bool IsSupported => Sse.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>to[c, r] = from[r, c] for four rows and columns.</summary>
    [MethodImpl(Inline)]
    internal static void Four(float* from, nint fromStride, float* to, nint toStride)
    {
        Vector128<float> r0 = Vector128.Load(from), r1 = Vector128.Load(from + fromStride);
        Vector128<float> r2 = Vector128.Load(from + (2 * fromStride)), r3 = Vector128.Load(from + (3 * fromStride));
        Vector128<float> low01 = LowWords(r0, r1), high01 = HighWords(r0, r1), low23 = LowWords(r2, r3), high23 = HighWords(r2, r3);
        LowHalves(low01, low23).Store(to);
        HighHalves(low01, low23).Store(to + toStride);
        LowHalves(high01, high23).Store(to + (2 * toStride));
        HighHalves(high01, high23).Store(to + (3 * toStride));
    }

    /// <summary>to[c, r] = from[r, c] for two rows and columns.</summary>
    [MethodImpl(Inline)]
    internal static void Two(double* from, nint fromStride, double* to, nint toStride)
    {
        Vector128<float> r0 = Vector128.Load((float*)from), r1 = Vector128.Load((float*)(from + fromStride));
        LowHalves(r0, r1).Store((float*)to);
        HighHalves(r0, r1).Store((float*)(to + toStride));
    }

    // x0 y0 x1 y1
    [MethodImpl(Inline)]
    private static Vector128<float> LowWords(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.UnpackLow(x, y) : AdvSimd.Arm64.ZipLow(x, y);

    // x2 y2 x3 y3
    [MethodImpl(Inline)]
    private static Vector128<float> HighWords(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.UnpackHigh(x, y) : AdvSimd.Arm64.ZipHigh(x, y);

    // x0 x1 y0 y1
    [MethodImpl(Inline)]
    private static Vector128<float> LowHalves(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.MoveLowToHigh(x, y) : AdvSimd.Arm64.ZipLow(x.AsDouble(), y.AsDouble()).AsSingle();

    // x2 x3 y2 y3
    [MethodImpl(Inline)]
    private static Vector128<float> HighHalves(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.MoveHighToLow(y, x) : AdvSimd.Arm64.ZipHigh(x.AsDouble(), y.AsDouble()).AsSingle();
}
