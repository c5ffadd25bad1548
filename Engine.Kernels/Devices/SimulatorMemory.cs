using System.Runtime.InteropServices;
using ILGPU.Runtime;

namespace Engine.Kernels.Devices;

/// <summary>
/// What the simulator does with the memory of a storage so that mistakes of kernels show. What is handed out is NaN to every floating-point
/// type and -1 to integers, where a card would hand out what was left there. What lies behind the end of a storage must stay untouched.
/// </summary>
internal static unsafe class SimulatorMemory
{
    /// <summary>At least so many bytes lie behind the end of each storage.</summary>
    internal const int Guard = 64;

    private const byte Unwritten = 0xFF, Untouched = 0xA5;

    /// <summary>Makes a block ready that a storage of a number of bytes has got.</summary>
    internal static void Prepare(MemoryBuffer block, long bytes)
    {
        NativeMemory.Fill((void*)block.NativePtr, (nuint)bytes, Unwritten);
        NativeMemory.Fill((byte*)block.NativePtr + bytes, (nuint)(block.LengthInBytes - bytes), Untouched);
    }

    /// <summary>Looks at what lies behind the end of a storage that is given back.</summary>
    /// <exception cref="DeviceException">A kernel wrote there.</exception>
    internal static void Check(MemoryBuffer block, long bytes, DType dtype)
    {
        // A block of a device that was closed meanwhile has no memory any more.
        if (block.IsDisposed) return;
        ReadOnlySpan<byte> behind = new((byte*)block.NativePtr + bytes, checked((int)(block.LengthInBytes - bytes)));
        int at = behind.IndexOfAnyExcept(Untouched);
        if (at < 0) return;
        long element = at / dtype.SizeInBytes(), length = bytes / dtype.SizeInBytes();
        throw new DeviceException(
            $"A kernel wrote behind the end of a storage of {length} {dtype} on the simulator, at element {length + element}; the last "
            + "operation there: "
            + $"{RunningOperation.Description ?? "none"}.");
    }
}
