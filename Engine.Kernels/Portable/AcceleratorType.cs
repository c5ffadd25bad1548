namespace ILGPU.Runtime;

/// <summary>The kind of a device. The simulator is a CPU device.</summary>
internal enum AcceleratorType
{
    CPU,
    Cuda,
    OpenCL,
}
