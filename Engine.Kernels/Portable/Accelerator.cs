using Engine.Kernels.Portable;

namespace ILGPU.Runtime;

/// <summary>A device that has been opened: it allocates memory and runs kernels, here one after another and on the calling thread.</summary>
internal abstract class Accelerator : Disposable
{
    protected Accelerator(Context context, Device device)
    {
        Context = context;
        Device = device;
        DefaultStream = new SimulatorStream(this);
    }

    public Context Context { get; }

    public Device Device { get; }

    public AcceleratorStream DefaultStream { get; }

    public AcceleratorType AcceleratorType => Device.AcceleratorType;

    public string Name => Device.Name;

    public int WarpSize => Device.WarpSize;

    public int MaxNumThreadsPerGroup => Device.MaxNumThreadsPerGroup;

    public int MaxNumThreads => Device.MaxNumThreads;

    public int NumMultiprocessors => Device.NumMultiprocessors;

    public int MaxSharedMemoryPerGroup => Device.MaxSharedMemoryPerGroup;

    public Index3D MaxGridSize => Device.MaxGridSize;

    public Index3D MaxGroupSize => Device.MaxGroupSize;

    public long MemorySize => Device.MemorySize;

    public MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(long length)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        return new SimulatorBuffer<T>(this, length);
    }

    public AcceleratorStream CreateStream() => new SimulatorStream(this);

    /// <summary>Nothing to wait for: a launch returns when its kernel has run.</summary>
    public void Synchronize()
    {
    }
}
