using System.Runtime.InteropServices;

namespace Engine.Models.Training;

/// <summary>
/// Ctrl+C, SIGTERM, or a caller's request to stop. The first asks the run to save and end after its step; the second ends the process at
/// once.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public StopSignal(CancellationToken caller)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => OnSignal(signal, "Ctrl+C"));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => OnSignal(signal, "SIGTERM"));
    }

    /// <summary>Cancelled when the run is to stop.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>What stopped the run.</summary>
    public string Reason { get; private set; } = "Ctrl+C";

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext signal, string reason)
    {
        // Left to itself, the second ends the process.
        signal.Cancel = !_stop.IsCancellationRequested;
        if (!signal.Cancel) return;
        Reason = reason;
        _stop.Cancel();
    }
}
