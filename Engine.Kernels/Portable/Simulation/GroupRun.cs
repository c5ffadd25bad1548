using ILGPU;

namespace Engine.Kernels.Portable;

/// <summary>
/// Runs the threads of one group after another as if at once. One baton goes round: whoever holds it runs, and gives it on when it has
/// to wait or has returned. Threads start in order of their index, and go on in order of their index when a barrier lets them through,
/// so that a kernel does the same at every launch. Only the holder of the baton touches the fields, so none is locked.
/// </summary>
internal sealed class GroupRun : IDisposable
{
    private readonly KernelRun run;
    private readonly Action body;
    private readonly KernelThread[] threads;
    private readonly int[] lanesWaiting;
    private readonly Queue<KernelThread> ready = new();
    private readonly Signal ended = Signal.OfThisThread;

    private int begun;
    private int returned;
    private int waiting;
    private KernelThread? faulty;
    private Exception? fault;

    public GroupRun(KernelRun run, SharedMemoryConfig dynamicSharedMemory, Action body)
    {
        this.run = run;
        this.body = body;
        Shared = new SharedSpace(run, dynamicSharedMemory);
        GroupExchange = new ExchangeSlots(run.GroupSize);
        WarpExchange = new ExchangeSlots(run.GroupSize);
        lanesWaiting = new int[(run.GroupSize + run.WarpSize - 1) / run.WarpSize];
        threads = new KernelThread[run.GroupSize];
        for (int i = 0; i < threads.Length; i++)
        {
            Index3D dim = run.GroupDim;
            threads[i] = new KernelThread(run, i, new Index3D(i % dim.X, i / dim.X % dim.Y, i / dim.X / dim.Y)) { Group = this };
        }
    }

    /// <summary>The group's shared memory.</summary>
    public SharedSpace Shared { get; }

    /// <summary>Where threads leave values for each other at a broadcast or a barrier that counts.</summary>
    public ExchangeSlots GroupExchange { get; }

    /// <summary>Where lanes leave values for each other at a shuffle.</summary>
    public ExchangeSlots WarpExchange { get; }

    /// <summary>Runs the group at <paramref name="gridIndex"/> to its end.</summary>
    /// <exception cref="InvalidOperationException">A thread threw, or some threads wait where the others never arrive.</exception>
    public void Run(Index3D gridIndex)
    {
        run.GridIndex = gridIndex;
        begun = returned = waiting = 0;
        Array.Clear(lanesWaiting);
        Shared.Clear();
        foreach (KernelThread thread in threads)
        {
            thread.Reset();
        }

        if (!Drive(asLauncher: true))
        {
            ended.Wait();
        }

        run.FreeLocal();
        if (fault is not null)
        {
            throw new InvalidOperationException(
                $"Kernel {run.Kernel} failed in thread {faulty!.Index} of group {gridIndex}: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// With the baton in hand: carries threads until the baton has gone to another, or no thread is left. True in the latter case, of which
    /// the launcher is told if it is not the caller.
    /// </summary>
    public bool Drive(bool asLauncher)
    {
        while (true)
        {
            if (ready.TryDequeue(out KernelThread? next))
            {
                next.Resume();
                return false;
            }

            if (begun < threads.Length && fault is null)
            {
                Carry(threads[begun++]);
            }
            else if (returned < begun)
            {
                ReportDivergence();
            }
            else
            {
                if (!asLauncher)
                {
                    ended.Set();
                }

                return true;
            }
        }
    }

    /// <summary>Waits until every thread of the group has come here.</summary>
    public void GroupBarrier(KernelThread thread)
    {
        if (++waiting == threads.Length)
        {
            waiting = 0;
            Release(0, threads.Length);
        }
        else
        {
            thread.Waiting = Wait.Group;
        }

        Pause(thread);
    }

    /// <summary>Waits until every lane of the thread's warp has come here.</summary>
    public void WarpBarrier(KernelThread thread)
    {
        int warp = thread.WarpIndex;
        int first = warp * run.WarpSize;
        int end = Math.Min(first + run.WarpSize, threads.Length);
        if (++lanesWaiting[warp] == end - first)
        {
            lanesWaiting[warp] = 0;
            Release(first, end);
        }
        else
        {
            thread.Waiting = Wait.Warp;
        }

        Pause(thread);
    }

    public void Dispose() => Shared.Dispose();

    private void Carry(KernelThread thread)
    {
        KernelThread? before = KernelThread.Enter(thread);
        try
        {
            body();
        }
        catch (KernelAbandonedException)
        {
            // Another thread failed; its exception is the one to report.
        }
        catch (Exception exception)
        {
            Abandon(thread, exception);
        }

        KernelThread.Enter(before);
        thread.Waiting = Wait.Returned;
        returned++;
    }

    private void Release(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            threads[i].Waiting = Wait.None;
            ready.Enqueue(threads[i]);
        }
    }

    private void Pause(KernelThread thread)
    {
        if (ready.Count == 0 && begun == threads.Length)
        {
            ReportDivergence();
        }

        if (!ready.TryDequeue(out KernelThread? next))
        {
            Carrier.Start(this);
            thread.Sleep();
        }
        else if (next != thread)
        {
            next.Resume();
            thread.Sleep();
        }

        if (fault is not null)
        {
            throw new KernelAbandonedException();
        }
    }

    private void ReportDivergence()
    {
        KernelThread stuck = threads.First(thread => thread.Waiting is Wait.Group or Wait.Warp);
        KernelThread? other = threads.FirstOrDefault(thread => thread.Waiting != stuck.Waiting);
        string place = stuck.Waiting == Wait.Group ? "a group barrier" : "a warp barrier or shuffle";
        string elsewhere = other?.Waiting switch
        {
            Wait.Returned => $"thread {other.Index} has returned",
            Wait.Group => $"thread {other.Index} waits at a group barrier",
            _ => $"thread {other?.Index} waits at a warp barrier or shuffle",
        };
        Abandon(stuck, new InvalidOperationException(
            $"the thread waits at {place} while {elsewhere}. All threads have to reach the same barriers; a card would hang here."));
    }

    // Lets every waiting thread go on, only to find that it is to end.
    private void Abandon(KernelThread thread, Exception exception)
    {
        if (fault is not null)
        {
            return;
        }

        (faulty, fault) = (thread, exception);
        foreach (KernelThread other in threads.Where(other => other.Waiting is Wait.Group or Wait.Warp))
        {
            other.Waiting = Wait.None;
            ready.Enqueue(other);
        }
    }
}
