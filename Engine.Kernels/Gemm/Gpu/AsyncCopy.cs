using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// Copies from memory to shared memory that a thread starts and does not wait for (cp.async, from sm_80 on): the data passes no register,
/// and the thread computes on while it travels. Copies are committed in groups, and waited for by how many groups may still be on their
/// way. On a device without the instruction they are done at once.
/// </summary>
/// <remarks>ILGPU names a kernel's only block of shared memory <c>__shared_alloca0</c>; kernels that use this have no other.</remarks>
internal static class AsyncCopy
{
    /// <summary>One float32 number, or zero where <paramref name="bytes"/> is 0 instead of 4.</summary>
    /// <param name="tile">The kernel's shared memory.</param>
    /// <param name="to">Where to in it.</param>
    /// <param name="memory">What is copied from.</param>
    /// <param name="address">The address of its first element.</param>
    /// <param name="from">Where from in it.</param>
    /// <param name="bytes">4, or 0 for a zero.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void One(ArrayView<FloatScalar> tile, int to, ArrayView<FloatScalar> memory, long address, int from, int bytes)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit(
                "{ .reg .u32 to; mov.u32 to, __shared_alloca0; add.u32 to, to, %0; cp.async.ca.shared.global [to], [%1], 4, %2; }",
                to * 4, address + (from * 4L), bytes);
        }
        else
        {
            tile[to] = bytes == 0 ? FloatScalar.Of(0) : memory[from];
        }
    }

    /// <summary>
    /// Four neighbouring numbers whose places are multiples of four, or zeros where <paramref name="bytes"/> is 0 instead of 16.
    /// </summary>
    /// <inheritdoc cref="One"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Four(ArrayView<FloatScalar> tile, int to, ArrayView<FloatScalar> memory, long address, int from, int bytes)
    {
        if (CudaAsm.IsSupported)
        {
            CudaAsm.Emit(
                "{ .reg .u32 to; mov.u32 to, __shared_alloca0; add.u32 to, to, %0; cp.async.cg.shared.global [to], [%1], 16, %2; }",
                to * 4, address + (from * 4L), bytes);
        }
        else
        {
            FloatScalar zero = FloatScalar.Of(0);
            tile.Cast<Four<FloatScalar>>()[to / 4] = bytes == 0 ? new(zero, zero, zero, zero) : memory.Cast<Four<FloatScalar>>()[from / 4];
        }
    }

    /// <summary>Makes a group of the copies since the last one.</summary>
    internal static void Commit()
    {
        if (CudaAsm.IsSupported) CudaAsm.Emit("cp.async.commit_group;");
    }

    /// <summary>Waits until at most two of this thread's groups are on their way.</summary>
    internal static void WaitForAllButTwo()
    {
        if (CudaAsm.IsSupported) CudaAsm.Emit("cp.async.wait_group 2;");
    }

    /// <summary>Waits until at most one of this thread's groups is on its way.</summary>
    internal static void WaitForAllButOne()
    {
        if (CudaAsm.IsSupported) CudaAsm.Emit("cp.async.wait_group 1;");
    }

    /// <summary>Waits until none is on its way.</summary>
    internal static void WaitForAll()
    {
        if (CudaAsm.IsSupported) CudaAsm.Emit("cp.async.wait_group 0;");
    }
}
