namespace ILGPU.Runtime;

/// <summary>A queue of launches. On the simulator a launch has ended when it returns.</summary>
internal abstract class AcceleratorStream : AcceleratorObject
{
    protected AcceleratorStream(Accelerator accelerator)
        : base(accelerator)
    {
    }

    public void Synchronize()
    {
    }
}
