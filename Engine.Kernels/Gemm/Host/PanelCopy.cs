using System.Runtime.Intrinsics.X86;
using Engine.Kernels.Movement.Host;

namespace Engine.Kernels.Gemm.Host;

/// <summary>Copies a block of a matrix into a panel, as it lies or transposed.</summary>
internal static unsafe class PanelCopy
{
    /// <summary>panel[p * width + i] = source[p * stride + i], zeros for i >= lines.</summary>
    internal static void Rows<T>(T* source, nint stride, int lines, int depth, T* panel, int width) where T : unmanaged
    {
        for (int p = 0; p < depth; p++, source += stride, panel += width)
        {
            int i = 0;
            for (; i <= lines - Vector512<T>.Count; i += Vector512<T>.Count) Vector512.Load(source + i).Store(panel + i);
            for (; i <= lines - Vector256<T>.Count; i += Vector256<T>.Count) Vector256.Load(source + i).Store(panel + i);
            for (; i <= lines - Vector128<T>.Count; i += Vector128<T>.Count) Vector128.Load(source + i).Store(panel + i);
            for (; i < lines; i++) panel[i] = source[i];
            for (; i < width; i++) panel[i] = default;
        }
    }

    /// <summary>panel[p * width + i] = source[i * stride + p], zeros for i >= lines.</summary>
    internal static void Transposed<T>(T* source, nint stride, int lines, int depth, T* panel, int width) where T : unmanaged
    {
        int done = 0;
        if (typeof(T) == typeof(float) && Avx.IsSupported && depth >= 8)
        {
            for (; done <= lines - 8; done += 8)
                Eight((float*)(source + (done * stride)), stride, depth, (float*)(panel + done), width);
        }

        if (typeof(T) == typeof(float) && RegisterBlock.IsSupported)
        {
            for (; done <= lines - 4; done += 4)
                Four((float*)(source + (done * stride)), stride, depth, (float*)(panel + done), width);
        }

        if (done == width) return;
        for (int p = 0; p < depth; p++, panel += width)
        {
            for (int i = done; i < lines; i++) panel[i] = source[(i * stride) + p];
            for (int i = Math.Max(lines, done); i < width; i++) panel[i] = default;
        }
    }

    private static void Eight(float* source, nint stride, int depth, float* panel, nint width)
    {
        int p = 0;
        for (; p <= depth - 8; p += 8, panel += 8 * width)
        {
            // Short lines of a matrix end before the hardware prefetcher has recognised them: those of the next eight are requested here.
            float* next = source + p + (8 * stride);
            for (int i = 0; i < 8; i++, next += stride) Sse.Prefetch0(next);
            Transpose8x8(source + p, stride, panel, width);
        }

        for (; p < depth; p++, panel += width)
            for (int i = 0; i < 8; i++) panel[i] = source[(i * stride) + p];
    }

    private static void Four(float* source, nint stride, int depth, float* panel, nint width)
    {
        int p = 0;
        for (; p <= depth - 4; p += 4, panel += 4 * width) RegisterBlock.Four(source + p, stride, panel, width);
        for (; p < depth; p++, panel += width)
            for (int i = 0; i < 4; i++) panel[i] = source[(i * stride) + p];
    }

    // Rows i and i + 4 are loaded as the halves of one vector, so that two rounds of shuffles within the halves finish the work.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8x8(float* source, nint stride, float* target, nint width)
    {
        float* lower = source + (4 * stride);
        HalfOf8x8(source, lower, stride, target, width);
        HalfOf8x8(source + 4, lower + 4, stride, target + (4 * width), width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HalfOf8x8(float* upper, float* lower, nint stride, float* target, nint width)
    {
        nint stride3 = 3 * stride;
        Vector256<float> r0 = Vector256.Create(Vector128.Load(upper), Vector128.Load(lower));
        Vector256<float> r1 = Vector256.Create(Vector128.Load(upper + stride), Vector128.Load(lower + stride));
        Vector256<float> r2 = Vector256.Create(Vector128.Load(upper + (2 * stride)), Vector128.Load(lower + (2 * stride)));
        Vector256<float> r3 = Vector256.Create(Vector128.Load(upper + stride3), Vector128.Load(lower + stride3));
        Vector256<double> low01 = Avx.UnpackLow(r0, r1).AsDouble(), high01 = Avx.UnpackHigh(r0, r1).AsDouble();
        Vector256<double> low23 = Avx.UnpackLow(r2, r3).AsDouble(), high23 = Avx.UnpackHigh(r2, r3).AsDouble();
        Avx.UnpackLow(low01, low23).AsSingle().Store(target);
        Avx.UnpackHigh(low01, low23).AsSingle().Store(target + width);
        Avx.UnpackLow(high01, high23).AsSingle().Store(target + (2 * width));
        Avx.UnpackHigh(high01, high23).AsSingle().Store(target + (3 * width));
    }
}

/// <summary>Requests to the caches.</summary>
internal static unsafe class Prefetch
{
    private const int LineBytes = 64;

    /// <summary>Requests the line of an address, which need not be readable.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Line(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>Requests all lines of some elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Lines<T>(T* elements, nint count) where T : unmanaged
    {
        byte* end = (byte*)(elements + count);
        for (byte* line = (byte*)elements; line < end; line += LineBytes) Line(line);
    }
}
