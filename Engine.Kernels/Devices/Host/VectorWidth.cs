using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Devices.Host;

/// <summary>The bits of the vectors that the host computes with. They change the time that a result takes, and no bit of it.</summary>
internal enum VectorWidth
{
    /// <summary>What every 64-bit processor has: NEON on ARM64, SSE on x86.</summary>
    Bits128 = 128,

    /// <summary>AVX2.</summary>
    Bits256 = 256,

    /// <summary>AVX-512.</summary>
    Bits512 = 512,
}

/// <summary>Chooses the width of the vectors.</summary>
internal static class VectorWidths
{
    private static int s_saidThatSlow;

    /// <summary>The widest vectors that the processor has.</summary>
    internal static VectorWidth Widest =>
        Vector512.IsHardwareAccelerated ? VectorWidth.Bits512 : Vector256.IsHardwareAccelerated ? VectorWidth.Bits256 : VectorWidth.Bits128;

    /// <summary>The width that <c>ENGINE_VECTORS</c> names; without it the widest.</summary>
    /// <remarks>
    /// What is wider than the processor's is refused: the runtime would compute it in parts, more slowly than the widest it has, and what
    /// was measured so would say nothing of either width.
    /// </remarks>
    /// <exception cref="DeviceException">The value is not a width, or wider than the processor's vectors.</exception>
    internal static VectorWidth Wanted(string? wanted) => Wanted(wanted, Widest);

    /// <summary>The same where the widest vectors are of a given width.</summary>
    internal static VectorWidth Wanted(string? wanted, VectorWidth widest)
    {
        if (string.IsNullOrWhiteSpace(wanted)) return widest;
        VectorWidth width = wanted.Trim() switch
        {
            "128" => VectorWidth.Bits128,
            "256" => VectorWidth.Bits256,
            "512" => VectorWidth.Bits512,
            _ => throw new DeviceException($"ENGINE_VECTORS must be 128, 256 or 512, the bits of a vector; found '{wanted}'."),
        };
        return width <= widest
            ? width
            : throw new DeviceException(
                $"ENGINE_VECTORS must be at most {(int)widest}, the bits of this processor's vectors; found '{wanted}'.");
    }

    /// <summary>Says on the standard error stream, once, that products are slow where an x86 processor cannot fuse multiply-adds.</summary>
    internal static void WarnWithoutMultiplyAdd()
    {
        if (RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.X86) || Fma.IsSupported) return;
        if (Interlocked.Exchange(ref s_saidThatSlow, 1) == 0) Console.Error.WriteLine(
            "This processor has no fused multiply-add (FMA3, with AVX2 since 2013), or the runtime was told not to use it: each one is "
                + "emulated, to the same bits, and products of matrices take about 70 times as long.");
    }
}
