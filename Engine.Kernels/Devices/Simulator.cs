using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace Engine.Kernels;

/// <summary>The device that runs the ILGPU kernels on the host, thread by thread: for tests and teaching, on tiny shapes.</summary>
internal static class Simulator
{
    /// <summary>Threads of a warp, and warps of the one multiprocessor: groups may have up to 256 threads, as the kernels ask for.</summary>
    private const int WarpSize = 32;
    private const int Warps = 8;

    /// <summary>The simulator has one multiprocessor; work is cut as for a small card, so that what runs there is what a card runs.</summary>
    private const int Multiprocessors = 32;

    internal static string Description =>
#if ILGPU
        "ILGPU's CPU accelerator: GPU kernels thread by thread, for tests";
#else
        "portable stand-in for ILGPU: GPU kernels thread by thread, for tests";
#endif

    internal static IlgpuDevice Open()
    {
        Context context = Context.Create(builder => builder.CPU(new CPUDevice(WarpSize, Warps, 1)).Optimize(OptimizationLevel.O2));
        return new IlgpuDevice("simulator", Description, context, context.CreateCPUAccelerator(0), hasTensorCores: false, Multiprocessors);
    }
}
