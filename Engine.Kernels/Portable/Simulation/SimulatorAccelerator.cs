using ILGPU;
using ILGPU.Runtime.CPU;

namespace Engine.Kernels.Portable;

/// <summary>What a CPU device opens.</summary>
internal sealed class SimulatorAccelerator(Context context, CPUDevice device) : CPUAccelerator(context, device);
