using System.Runtime.InteropServices;

namespace Engine.Kernels.Portable;

/// <summary>
/// Wakes the thread it belongs to, once per <see cref="Set"/>. Two hundred threads pass one baton around: each wakes the next and goes to
/// sleep, so a wait must not spin, which would take the core from the one thread that may run, and waking must not hold a lock that the
/// woken thread wants at once. A POSIX semaphore does neither: 5.5 microseconds from one thread to the next where the framework's own
/// events take 10 to 13, as measured on Linux. Other systems use those.
/// </summary>
internal sealed unsafe partial class Signal
{
    // More than any system's sem_t takes.
    private const int SemaphoreBytes = 64;

    [ThreadStatic]
    private static Signal? ofThisThread;

    private readonly ManualResetEventSlim? wake;
    private readonly void* semaphore;

    private Signal()
    {
        if (OperatingSystem.IsLinux())
        {
            semaphore = NativeMemory.AlignedAlloc(SemaphoreBytes, SemaphoreBytes);
            if (sem_init(semaphore, 0, 0) == 0)
            {
                return;
            }
        }

        wake = new ManualResetEventSlim(initialState: false, spinCount: 0);
    }

    ~Signal() => NativeMemory.AlignedFree(semaphore);

    /// <summary>The signal on which the calling thread waits.</summary>
    public static Signal OfThisThread => ofThisThread ??= new Signal();

    public void Set()
    {
        if (wake is null)
        {
            _ = sem_post(semaphore);
        }
        else
        {
            wake.Set();
        }

        GC.KeepAlive(this);
    }

    /// <summary>Waits for a <see cref="Set"/>, which may have come already. To be called by the thread that it belongs to.</summary>
    public void Wait()
    {
        if (wake is null)
        {
            // A signal of the operating system may interrupt the wait.
            while (sem_wait(semaphore) != 0)
            {
            }
        }
        else
        {
            wake.Wait();
            wake.Reset();
        }

        GC.KeepAlive(this);
    }

    [LibraryImport("libc")]
    private static partial int sem_init(void* semaphore, int betweenProcesses, uint value);

    [LibraryImport("libc")]
    private static partial int sem_wait(void* semaphore);

    [LibraryImport("libc")]
    private static partial int sem_post(void* semaphore);
}
