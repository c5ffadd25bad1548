using ILGPU.Runtime;

namespace Engine.Kernels.Portable;

/// <summary>The only kind of stream the simulator has.</summary>
internal sealed class SimulatorStream(Accelerator accelerator) : AcceleratorStream(accelerator);
