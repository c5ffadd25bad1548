using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>Tells the failures of a driver from mistakes of a program, and says in a sentence what to do about them.</summary>
internal static class DriverFailure
{
    /// <summary>Whether the driver of a device threw it.</summary>
    internal static bool Is(Exception e) => e is AcceleratorException or PlannedFailureException;

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

/// <summary>
/// Makes a device fail in the way of a card whose memory is used up or that is lost, so that what is said and saved then can be tested: no
/// test can wait for a card to do it. A device has none unless a test gives it one.
/// </summary>
internal sealed class FailurePlan
{
    private bool _isLost;

    /// <summary>The bytes that the device has; an allocation beyond them fails as a driver's does.</summary>
    internal long Memory { get; init; } = long.MaxValue;

    /// <summary>How many launches succeed. The next one fails, and so does every later call to the device.</summary>
    internal long Launches { get; init; } = long.MaxValue;

    /// <summary>How many downloads succeed, likewise.</summary>
    internal long Downloads { get; init; } = long.MaxValue;

    /// <summary>Called before each call to the device.</summary>
    internal void Check(DeviceActivity activity)
    {
        _isLost |= activity.Launches > Launches || activity.Downloads > Downloads;
        if (_isLost) throw new PlannedFailureException("CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered");
    }

    /// <summary>Called before the device allocates.</summary>
    internal void Allocate(long bytes, long held)
    {
        if (_isLost) throw new PlannedFailureException("CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered");
        if (bytes > Memory - held) throw new PlannedFailureException("CUDA_ERROR_OUT_OF_MEMORY", "out of memory");
    }
}

/// <summary>What a <see cref="FailurePlan"/> throws in place of a driver's exception.</summary>
/// <param name="code">The driver's name of the failure.</param>
/// <param name="message">Its description.</param>
internal sealed class PlannedFailureException(string code, string message) : Exception(message)
{
    internal string Code { get; } = code;
}
