namespace ILGPU.Runtime.CPU;

/// <summary>The simulator: runs kernels on the CPU, thread by thread, in a fixed order.</summary>
internal abstract class CPUAccelerator : Accelerator
{
    protected CPUAccelerator(Context context, CPUDevice device)
        : base(context, device)
    {
    }

    public int NumThreads => Device.MaxNumThreads;
}
