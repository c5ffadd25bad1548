using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Engine.Kernels.Devices;

/// <summary>Tells the failures of a driver from mistakes of a program, and says in a sentence what to do about them.</summary>
internal static class DriverFailure
{
    /// <summary>Whether the driver of a device threw it.</summary>
    internal static bool Is(Exception e) =>
        e is AcceleratorException or PlannedFailureException;

    /// <summary>Whether it says that there is no memory left.</summary>
    internal static bool IsOutOfMemory(Exception e) =>
        e is OutOfMemoryException || Code(e) is "CUDA_ERROR_OUT_OF_MEMORY" or "CL_MEM_OBJECT_ALLOCATION_FAILURE" or "CL_OUT_OF_RESOURCES"
            or "CL_OUT_OF_HOST_MEMORY";

    /// <summary>What is said when a device that worked fails.</summary>
    /// <param name="device">The device.</param>
    /// <param name="e">What its driver threw.</param>
    internal static DeviceException Lost(Device device, Exception e)
    {
        string code = Code(e);
        string operation = RunningOperation.Description is { } name
            ? $" It showed in {name}; a device reports late, so the cause may lie before." : "";
        return new DeviceException(
            $"Device '{device.Name}' ({device.Description}) failed and cannot be used any more: {e.Message.TrimEnd('.')} "
            + $"({code}).{operation} {Advice(code)}", e);
    }

    /// <summary>What to do about a failure that the driver names so.</summary>
    internal static string Advice(string code) => code switch
    {
        "CUDA_ERROR_ILLEGAL_ADDRESS" or "CUDA_ERROR_MISALIGNED_ADDRESS" or "CUDA_ERROR_ILLEGAL_INSTRUCTION" or "CUDA_ERROR_INVALID_PC"
            or "CUDA_ERROR_INVALID_ADDRESS_SPACE" or "CUDA_ERROR_HARDWARE_STACK_ERROR" or "CUDA_ERROR_ASSERT"
            or "CUDA_ERROR_LAUNCH_FAILED" =>
            "A kernel went wrong: where the same command line does it again, that is a mistake in a kernel, to be reported with the "
            + "command line; where it does not, look " +
            "at the card's memory with nvidia-smi -q -d ECC.",
        "CUDA_ERROR_LAUNCH_TIMEOUT" =>
            "The system ends kernels that keep a card from drawing its screen: use a card without a screen, or smaller batches.",
        "CUDA_ERROR_ECC_UNCORRECTABLE" =>
            "Its memory has an error that cannot be corrected: nvidia-smi -q -d ECC tells more, and the machine's owner should know.",
        _ => "nvidia-smi tells whether the card is still there, and lines with Xid in the kernel's log (dmesg) why it went.",
    };

    private static string Code(Exception e) => e switch
    {
        PlannedFailureException planned => planned.Code,
        CudaException cuda => cuda.Error,
        CLException openCl => openCl.Error.ToString(),
        _ => e.GetType().Name,
    };
}
