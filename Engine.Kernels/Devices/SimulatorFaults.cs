using System.Diagnostics;

namespace Engine.Kernels.Devices;

/// <summary>
/// Mistakes of kernels that ILGPU's CPU accelerator finds on threads of its own, such as an index outside a view. It asserts there, which
/// by default ends the process; here the assertion is kept, and thrown from the next call that waits for the simulator.
/// </summary>
internal sealed class SimulatorFaults : TraceListener
{
    private static readonly SimulatorFaults s_instance = new();
    private static readonly Lazy<bool> s_watching = new(() =>
    {
        foreach (DefaultTraceListener listener in Trace.Listeners.OfType<DefaultTraceListener>()) listener.AssertUiEnabled = false;
        Trace.Listeners.Add(s_instance);
        return true;
    });

    private static string? s_first;

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
    }

    /// <inheritdoc/>
    public override void Write(string? message)
    {
    }

    /// <inheritdoc/>
    public override void WriteLine(string? message)
    {
    }
}
