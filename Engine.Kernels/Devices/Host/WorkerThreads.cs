using System.Runtime.ExceptionServices;

namespace Engine.Kernels.Devices.Host;

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

    // Chunks of the job (24 bits) | next chunk (24). A claim is one interlocked increment, and the claimed value alone
    // says whether the claim is good: a worker that comes late, from a job that has ended, cannot mistake the next job for it.
    private long _state;
    private int _done;

    // Workers that sleep, or are about to, and have not been called. Whoever calls some takes them off this count first and then releases
    // as many permits of _wake. So the workers inside Sleep that have counted themselves are always as many as this count and the permits,
    // released or about to be, together: no permit is left over to wake a worker for nothing. Who takes whom off, or hears whose call, does
    // not matter, for workers are all alike.
    private int _sleeping;
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

    /// <summary>
    /// Runs every chunk of <paramref name="job"/> and returns when all are done; rethrows the first exception of a chunk.
    /// </summary>
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
            Interlocked.Exchange(ref _state, (long)chunks << CountBits);
            Wake(chunks - 1);

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

    /// <summary>Runs a job for all rows, some of them in a chunk.</summary>
    internal void RunRows<TJob>(in TJob job, int rows, int rowsInChunk) where TJob : struct, IRowJob
    {
        RowChunks<TJob> chunks = new() { Job = job, Rows = rows, RowsInChunk = rowsInChunk };
        Run(ref chunks, (int)(((long)rows + rowsInChunk - 1) / rowsInChunk));
    }

    /// <summary>Workers that sleep and have not been called.</summary>
    internal int Sleeping => Volatile.Read(ref _sleeping);

    /// <summary>Calls that no worker has heard yet: never more than there are workers.</summary>
    internal int Calls => _wake.CurrentCount;

    public void Dispose()
    {
        End();
        foreach (Thread thread in _threads) thread.Join();
    }

    /// <summary>Tells the workers to end, and does not wait for it.</summary>
    internal void End()
    {
        _disposed = true;

        // As in Run: a worker that counts itself asleep from here on sees that it is to end; the others are seen here.
        Interlocked.MemoryBarrier();
        Wake(_threads.Length);
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

            Sleep();
            idleSince = System.Diagnostics.Stopwatch.GetTimestamp();
        }
    }

    private void Sleep()
    {
        // The count goes up before the worker looks for work, and a launch publishes its work before it looks at the count, each with a
        // full fence in between: the launch sees the sleeper, or the worker sees the work (or that it is to end).
        Interlocked.Increment(ref _sleeping);
        bool isWanted = HasWork(Volatile.Read(ref _state)) || _disposed;

        // Taken off by itself, it needs no call. Where there is nobody left to take off, all have been called, this worker too: there is a
        // permit for it or one is on its way, and it has to use it up.
        if (isWanted && TakeSleepers(1) == 1) return;
        _wake.Wait();
    }

    private void Wake(int most)
    {
        int called = TakeSleepers(most);
        if (called > 0) _wake.Release(called);
    }

    /// <summary>Takes up to <paramref name="most"/> workers off the count of those asleep and says how many.</summary>
    private int TakeSleepers(int most)
    {
        int asleep = Volatile.Read(ref _sleeping);
        while (asleep > 0)
        {
            int taken = Math.Min(asleep, most);
            int seen = Interlocked.CompareExchange(ref _sleeping, asleep - taken, asleep);
            if (seen == asleep) return taken;
            asleep = seen;
        }

        return 0;
    }
}

/// <summary>Work cut into chunks that may run in any order, on any thread: <see cref="WorkerThreads.Run"/>.</summary>
internal interface IJob
{
    /// <summary>Does one chunk. Chunks must not write to the same element.</summary>
    void Run(int chunk);
}

/// <summary>Work on rows that may be done in any order, on any thread: <see cref="WorkerThreads.RunRows"/>.</summary>
internal interface IRowJob
{
    /// <summary>Does one row. Rows must not write to the same element.</summary>
    void Row(int row);
}

/// <summary>The rows of a job as chunks.</summary>
internal struct RowChunks<TJob> : IJob where TJob : struct, IRowJob
{
    // Not read-only: the compiler would copy the job for each call.
    internal TJob Job;
    internal int Rows, RowsInChunk;

    public void Run(int chunk)
    {
        int start = chunk * RowsInChunk, end = start + Math.Min(RowsInChunk, Rows - start);
        for (int row = start; row < end; row++) Job.Row(row);
    }
}
