using Engine.Kernels.Portable;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>Memory of one thread, uninitialised. On a card the extent has to be a constant.</summary>
internal static class LocalMemory
{
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged => KernelThread.Current.Run.AllocateLocal<T>(extent);

    public static ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent)
        where T : unmanaged => Allocate<T>(extent.X);
}
