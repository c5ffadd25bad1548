using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels.Lanes;

/// <summary>How many vectors a processor keeps at hand: what tiles of sums are cut for. It is a constant to the compiler.</summary>
internal static unsafe class Registers
{
    /// <summary>
    /// Registers for vectors of a type: 32 of 512 bits, and of 128 bits on ARM64 and beside AVX-512; 16 of 256 bits, and of 128 bits on
    /// other x86 processors.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Count<V>() where V : unmanaged => sizeof(V) switch
    {
        64 => 32,
        32 => 16,
        _ => AdvSimd.IsSupported || Avx512F.VL.IsSupported ? 32 : 16,
    };
}
