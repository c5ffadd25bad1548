using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// Mistakes of kernels that ILGPU's CPU accelerator finds on threads of its own, such as an index outside a view. It asserts there, which
/// by default ends the process; here the assertion is kept, and thrown from the next call that waits for the simulator. It stands before
/// each of the program's listeners, which get all else.
/// </summary>
internal sealed class SimulatorFaults : TraceListener
{
    private static readonly Lazy<bool> s_watching = new(() =>
    {
        // Other listeners end the process, or throw on a thread where nobody catches: a test runner's does.
        for (int i = 0; i < Trace.Listeners.Count; i++) Trace.Listeners[i] = new SimulatorFaults(Trace.Listeners[i]);
        if (Trace.Listeners.Count == 0) Trace.Listeners.Add(new SimulatorFaults(null));
        return true;
    });

    private static string? s_first;

    private readonly TraceListener? _inner;

    private SimulatorFaults(TraceListener? inner) => _inner = inner;

    /// <summary>Keeps assertions from now on.</summary>
    internal static void Watch() => _ = s_watching.Value;

    /// <summary>Throws what was found since the last call.</summary>
    /// <exception cref="DeviceException">A kernel did something that no device allows.</exception>
    internal static void ThrowIfAny()
    {
        if (Volatile.Read(ref s_first) is null || Interlocked.Exchange(ref s_first, null) is not { } first) return;
        string operation = RunningOperation.Description is { } name ? $" in {name}" : "";
        throw new DeviceException($"A kernel did on the simulator{operation} what no device allows: {first}");
    }

    /// <inheritdoc/>
    public override void Fail(string? message) => Fail(message, null);

    /// <inheritdoc/>
    public override void Fail(string? message, string? detailMessage)
    {
        // Whose assertion it is shows in the stack: a program's own are none of ours.
        string stack = new StackTrace(1).ToString();
        if (stack.Contains("ILGPU", StringComparison.Ordinal))
            Interlocked.CompareExchange(ref s_first, $"{message} {detailMessage}".Trim() + Environment.NewLine + stack, null);
        else _inner?.Fail(message, detailMessage);
    }

    /// <inheritdoc/>
    public override void Write(string? message) => _inner?.Write(message);

    /// <inheritdoc/>
    public override void WriteLine(string? message) => _inner?.WriteLine(message);

    /// <inheritdoc/>
    public override void Flush() => _inner?.Flush();
}

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
