using System.Numerics;
using Engine.Kernels.Portable;

namespace ILGPU.Runtime.CPU;

/// <summary>The measures of the machine that is simulated: threads of a warp, warps of a group, multiprocessors.</summary>
internal sealed class CPUDevice : Device
{
    /// <summary>ILGPU's own default, with groups of at most 16 threads.</summary>
    public static readonly CPUDevice Default = new(4, 4, 1);

    /// <summary>Warps of 32 and groups of up to 1024 threads, as on an NVIDIA card.</summary>
    public static readonly CPUDevice Nvidia = new(32, 32, 1);

    // ILGPU's CPU device sets no limit; every card it compiles for stops at this much without a special request, which it never makes.
    private const int SharedMemoryOfCards = 48 * 1024;

    public CPUDevice(int numThreadsPerWarp, int numWarpsPerMultiprocessor, int numMultiprocessors)
        : base(nameof(CPUAccelerator), numThreadsPerWarp, numThreadsPerWarp * numWarpsPerMultiprocessor, numMultiprocessors, SharedMemoryOfCards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numThreadsPerWarp, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numWarpsPerMultiprocessor);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numMultiprocessors);
        if (!BitOperations.IsPow2(numWarpsPerMultiprocessor))
        {
            throw new ArgumentOutOfRangeException(
                nameof(numWarpsPerMultiprocessor), numWarpsPerMultiprocessor, "The number of warps has to be a power of two.");
        }
    }

    public int NumThreads => MaxNumThreads;

    public override Accelerator CreateAccelerator(Context context) => CreateCPUAccelerator(context);

    public CPUAccelerator CreateCPUAccelerator(Context context) => new SimulatorAccelerator(context, this);
}
