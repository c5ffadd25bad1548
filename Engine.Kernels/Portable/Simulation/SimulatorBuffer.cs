using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Portable;

/// <summary>What the simulator's accelerator allocates. ILGPU's buffers cannot be constructed by their users, nor can ours.</summary>
internal sealed class SimulatorBuffer<T>(Accelerator accelerator, long length)
    : MemoryBuffer1D<T, Stride1D.Dense>(accelerator, length, default)
    where T : unmanaged;
