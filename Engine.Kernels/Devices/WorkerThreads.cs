using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Engine.Kernels;

/// <summary>
/// A fixed set of threads that share the chunks of one job at a time. A launch allocates nothing and costs a microsecond or two
/// while the workers are awake: they watch for the next job for a while before they go to sleep.
/// </summary>
internal sealed unsafe class WorkerThreads : IDisposable
{
    private const int CountBits = 24;
    private const long CountMask = (1L << CountBits) - 1;

    /// <summary>How long an idle worker watches before it sleeps: longer than the gap between two operations of a training step.</summary>
    private static readonly long s_watchTicks = System.Diagnostics.Stopwatch.Frequency / 5000;

    [ThreadStatic]
    private static bool s_insideJob;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly object _launch = new();

    // generation (16 bits) | chunks of the job (24) | next chunk (24). A claim is one interlocked increment, and the claimed value alone
    // says whether the claim is good: a worker that comes late, from a job that has ended, cannot mistake the next job for it.
    private long _state;
    private int _done;
    private int _sleeping;
    private int _generation;
    private volatile bool _disposed;
    private void* _job;
    private delegate*<void*, int, void> _run;
    private volatile ExceptionDispatchInfo? _failure;

    internal WorkerThreads(int count)
    {
        Count = count;
        _threads = new Thread[count - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work, 4 << 20) { IsBackground = true, Name = $"engine worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that compute, the calling one included.</summary>
    internal int Count { get; }

    /// <summary>Runs every chunk of <paramref name="job"/> and returns when all are done; rethrows the first exception of a chunk.</summary>
    internal void Run<TJob>(ref TJob job, int chunks) where TJob : struct, IJob
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunks, CountMask / 2);

        // One chunk, one thread, a job inside a job, or another thread's job under way: do it here.
        if (chunks <= 1 || Count == 1 || s_insideJob || !Monitor.TryEnter(_launch))
        {
            for (int i = 0; i < chunks; i++) job.Run(i);
            return;
        }

        s_insideJob = true;
        try
        {
            _job = Unsafe.AsPointer(ref job);
            _run = &Invoke<TJob>;
            _failure = null;
            Volatile.Write(ref _done, 0);
            _generation = (_generation + 1) & 0x7FFF;
            Interlocked.Exchange(ref _state, ((long)_generation << (2 * CountBits)) | ((long)chunks << CountBits));
            int asleep = Math.Min(Volatile.Read(ref _sleeping), chunks - 1);
            if (asleep > 0) _wake.Release(asleep);

            while (TryClaim(out int chunk)) RunChunk(chunk);
            SpinWait wait = default;
            while (Volatile.Read(ref _done) < chunks) wait.SpinOnce(sleep1Threshold: -1);
        }
        finally
        {
            s_insideJob = false;
            Monitor.Exit(_launch);
        }

        _failure?.Throw();
    }

    public void Dispose()
    {
        _disposed = true;
        _wake.Release(Count);
        foreach (Thread thread in _threads) thread.Join();
    }

    private static void Invoke<TJob>(void* job, int chunk) where TJob : struct, IJob => Unsafe.AsRef<TJob>(job).Run(chunk);

    private bool TryClaim(out int chunk)
    {
        // Look before claiming: workers that poll must not count the counter up.
        chunk = 0;
        if (!HasWork(Volatile.Read(ref _state))) return false;
        long claimed = Interlocked.Increment(ref _state) - 1;
        chunk = (int)(claimed & CountMask);
        return HasWork(claimed);
    }

    private static bool HasWork(long state) => (state & CountMask) < ((state >> CountBits) & CountMask);

    private void RunChunk(int chunk)
    {
        try
        {
            _run(_job, chunk);
        }
        catch (Exception e)
        {
            _failure ??= ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            Interlocked.Increment(ref _done);
        }
    }

    private void Work()
    {
        s_insideJob = true;
        long idleSince = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!_disposed)
        {
            if (TryClaim(out int chunk))
            {
                RunChunk(chunk);
                idleSince = System.Diagnostics.Stopwatch.GetTimestamp();
                continue;
            }

            if (System.Diagnostics.Stopwatch.GetTimestamp() - idleSince < s_watchTicks)
            {
                Thread.SpinWait(8);
                continue;
            }

            Interlocked.Increment(ref _sleeping);
            if (!HasWork(Volatile.Read(ref _state)) && !_disposed) _wake.Wait();
            Interlocked.Decrement(ref _sleeping);
            idleSince = System.Diagnostics.Stopwatch.GetTimestamp();
        }
    }
}
