using Engine.Kernels.Portable;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>Memory that all threads of a group share, uninitialised. On a card the extent has to be a constant.</summary>
internal static class SharedMemory
{
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged
    {
        KernelThread thread = KernelThread.Current;
        return thread.GroupFor("SharedMemory.Allocate").Shared.Allocate<T>(thread, extent);
    }

    public static ref T Allocate<T>()
        where T : unmanaged => ref Allocate<T>(1)[0];

    public static ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent)
        where T : unmanaged => Allocate<T>(extent.X);

    public static ArrayView<T> GetDynamic<T>()
        where T : unmanaged => KernelThread.Current.GroupFor("SharedMemory.GetDynamic").Shared.Dynamic<T>();
}
