using System.Collections.Concurrent;

namespace Engine.Kernels.Portable;

/// <summary>
/// An OS thread on whose stack kernel threads run. It carries one kernel thread after another until one of them has to wait; only a
/// waiting thread keeps its carrier. A kernel without barriers therefore never needs one, and idle carriers are used again.
/// </summary>
internal sealed class Carrier
{
    private const int StackBytes = 512 * 1024;

    private static readonly ConcurrentStack<Carrier> Idle = new();

    private GroupRun? run;
    private Signal? work;

    private Carrier(GroupRun first) => run = first;

    /// <summary>Hands the baton of <paramref name="run"/> to an idle carrier, or to a new one.</summary>
    public static void Start(GroupRun run)
    {
        if (Idle.TryPop(out Carrier? carrier))
        {
            carrier.run = run;
            carrier.work!.Set();
        }
        else
        {
            new Thread(new Carrier(run).Carry, StackBytes) { IsBackground = true, Name = "Engine simulator" }.Start();
        }
    }

    private void Carry()
    {
        work = Signal.OfThisThread;
        while (true)
        {
            run!.Drive(asLauncher: false);
            run = null;
            Idle.Push(this);
            work.Wait();
        }
    }
}
