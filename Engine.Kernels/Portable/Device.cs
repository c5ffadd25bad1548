namespace ILGPU.Runtime;

/// <summary>What a device can do, before it is opened.</summary>
internal abstract class Device
{
    protected Device(string name, int warpSize, int threadsPerGroup, int multiprocessors, int sharedMemoryPerGroup)
    {
        Name = name;
        WarpSize = warpSize;
        MaxNumThreadsPerGroup = threadsPerGroup;
        NumMultiprocessors = multiprocessors;
        MaxSharedMemoryPerGroup = sharedMemoryPerGroup;
    }

    public string Name { get; }

    public int WarpSize { get; }

    public int MaxNumThreadsPerGroup { get; }

    public int NumMultiprocessors { get; }

    public int MaxSharedMemoryPerGroup { get; }

    public int MaxNumThreads => MaxNumThreadsPerGroup * NumMultiprocessors;

    public Index3D MaxGroupSize => new(MaxNumThreadsPerGroup);

    public Index3D MaxGridSize => new(int.MaxValue, ushort.MaxValue, ushort.MaxValue);

    public long MemorySize => long.MaxValue;

    public AcceleratorType AcceleratorType => AcceleratorType.CPU;

    public abstract Accelerator CreateAccelerator(Context context);

    public override string ToString() => $"{Name} [WarpSize: {WarpSize}, MaxNumThreadsPerGroup: {MaxNumThreadsPerGroup}]";
}
