namespace Engine.Kernels.Portable;

/// <summary>
/// Wakes one thread, once per <see cref="Set"/>. Two hundred threads pass one baton around: each wakes the next and goes to sleep, so
/// waiting must never spin, which would take the core from the one thread that may run.
/// </summary>
internal sealed class Signal
{
    private readonly ManualResetEventSlim wake = new(initialState: false, spinCount: 0);

    public void Set() => wake.Set();

    public void Wait()
    {
        wake.Wait();
        wake.Reset();
    }
}
