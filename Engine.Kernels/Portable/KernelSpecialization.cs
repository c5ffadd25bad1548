namespace ILGPU.Runtime;

/// <summary>The largest group a kernel is compiled for, and how many groups a multiprocessor is to hold at once.</summary>
internal readonly struct KernelSpecialization
{
    public static readonly KernelSpecialization Empty;

    public KernelSpecialization(int? maxNumThreadsPerGroup, int? minNumGroupsPerMultiprocessor)
    {
        MaxNumThreadsPerGroup = maxNumThreadsPerGroup;
        MinNumGroupsPerMultiprocessor = minNumGroupsPerMultiprocessor;
    }

    public int? MaxNumThreadsPerGroup { get; }

    public int? MinNumGroupsPerMultiprocessor { get; }
}
