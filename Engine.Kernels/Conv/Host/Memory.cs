using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Conv.Host;

/// <summary>What the loops of the convolutions say to the caches.</summary>
internal static unsafe class Memory
{
    private const int Line = 64;

    /// <summary>Asks for a line; any address will do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    /// <summary>Asks for all lines of some elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch<T>(T* elements, nint count) where T : unmanaged
    {
        byte* end = (byte*)(elements + count);
        for (byte* line = (byte*)elements; line < end; line += Line) Prefetch(line);
    }
}
