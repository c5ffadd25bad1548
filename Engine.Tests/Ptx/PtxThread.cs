namespace Engine.Tests.Ptx;

/// <summary>A thread of a kernel: its registers, where it is, and the copies that it has started.</summary>
internal sealed class PtxThread(PtxBlock block, int index, int registers)
{
    /// <summary>Copies of the groups that were committed, the oldest first, and last those that were not.</summary>
    private readonly List<List<Action>> _copies = [[]];

    internal ulong[] Registers { get; } = new ulong[registers];

    internal PtxBlock Block => block;

    internal int Index => index;

    internal int Next { get; set; }

    internal bool IsDone { get; set; }

    internal void Start(Action copy) => _copies[^1].Add(copy);

    internal void Commit() => _copies.Add([]);

    /// <summary>
    /// Does the copies of all groups but the last <paramref name="left"/>: until somebody waits for them, they have not arrived.
    /// </summary>
    internal void Wait(int left)
    {
        while (_copies.Count - 1 > left)
        {
            foreach (Action copy in _copies[0]) copy();
            _copies.RemoveAt(0);
        }
    }

    internal ulong Special(string name) => (ulong)(name switch
    {
        "%tid.x" => index % block.Group.X,
        "%tid.y" => index / block.Group.X % block.Group.Y,
        "%tid.z" => index / block.Group.X / block.Group.Y,
        "%ntid.x" => block.Group.X,
        "%ntid.y" => block.Group.Y,
        "%ntid.z" => block.Group.Z,
        "%ctaid.x" => block.Place.X,
        "%ctaid.y" => block.Place.Y,
        "%ctaid.z" => block.Place.Z,
        "%nctaid.x" => block.Grid.X,
        "%nctaid.y" => block.Grid.Y,
        "%nctaid.z" => block.Grid.Z,
        "%laneid" => index % 32,
        "%warpid" => index / 32,
        _ => throw new PtxException($"The special register {name} is not known here."),
    });
}
