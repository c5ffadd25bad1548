using Engine.Kernels.Portable;

namespace ILGPU.Runtime;

/// <summary>Something that lives on an accelerator.</summary>
internal abstract class AcceleratorObject : Disposable
{
    protected AcceleratorObject(Accelerator accelerator) => Accelerator = accelerator;

    public Accelerator Accelerator { get; }

    public AcceleratorType AcceleratorType => AcceleratorType.CPU;
}
