namespace Engine.Tests.Ptx;

/// <summary>
/// A group of threads with its shared memory. Threads run one after the other until each waits: for the group at a barrier, or for its warp
/// at an instruction that all lanes execute together.
/// </summary>
internal sealed class PtxBlock
{
    private readonly PtxMachine _machine;
    private readonly PtxThread[] _threads;
    private readonly byte[] _shared;

    internal PtxBlock(PtxMachine machine, (int X, int Y, int Z) grid, (int X, int Y, int Z) group, (int X, int Y, int Z) place)
    {
        (_machine, Grid, Group, Place) = (machine, grid, group, place);
        _shared = new byte[machine.Program.SharedBytes];

        // Numbers of any type that show if they are read before they are written.
        Array.Fill(_shared, (byte)0xFF);
        _threads = [.. Enumerable.Range(0, group.X * group.Y * group.Z).Select(i => new PtxThread(this, i, machine.Program.RegisterCount))];
    }

    internal (int X, int Y, int Z) Grid { get; }

    internal (int X, int Y, int Z) Group { get; }

    internal (int X, int Y, int Z) Place { get; }

    internal PtxMemory Memory => _machine.Memory;

    internal byte[] Parameters => _machine.Parameters;

    internal Span<byte> Shared(long address, int bytes)
    {
        if (address < 0 || address + bytes > _shared.Length) throw new PtxException(
            $"Shared memory of {_shared.Length} bytes has no {bytes} at {address}.");
        if (address % bytes != 0) throw new PtxException($"{bytes} bytes at {address} of shared memory are not aligned.");
        return _shared.AsSpan((int)address, bytes);
    }

    internal void Run()
    {
        while (_threads.Any(thread => !thread.IsDone))
        {
            foreach (PtxThread[] warp in _threads.Chunk(32)) Run(warp);
            PtxThread[] waiting = [.. _threads.Where(thread => !thread.IsDone)];
            if (waiting.Length == 0) return;
            if (waiting.Length < _threads.Length) throw new PtxException("Some threads wait at a barrier, others have returned.");
            foreach (PtxThread thread in waiting) thread.Next++;
        }
    }

    /// <summary>Runs a warp until all of its threads are at a barrier of the group or have returned.</summary>
    private void Run(PtxThread[] warp)
    {
        for (; ; )
        {
            foreach (PtxThread thread in warp) Run(thread);
            PtxThread[] there = [.. warp.Where(thread => !thread.IsDone)];
            if (there.Length == 0) return;
            PtxInstruction together = _machine.Program.Instructions[there[0].Next];
            if (there.All(thread => _machine.Program.Instructions[thread.Next].IsBarrier)) return;
            if (there.Length < warp.Length || there.Any(thread => thread.Next != there[0].Next)) throw new PtxException(
                $"The lanes of a warp are not together at '{together}'.");
            together.OfWarp(warp);
            foreach (PtxThread thread in warp) thread.Next++;
        }
    }

    private void Run(PtxThread thread)
    {
        while (!thread.IsDone)
        {
            PtxInstruction instruction = _machine.Program.Instructions[thread.Next];
            if (instruction.IsBarrier || instruction.IsOfWarp) return;
            thread.Next++;
            instruction.Execute(thread);
        }
    }
}
