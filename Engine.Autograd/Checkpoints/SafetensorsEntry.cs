namespace Engine.Autograd.Checkpoints;

/// <summary>What a safetensors file's header says of one tensor.</summary>
public sealed class SafetensorsEntry
{
    private readonly long[] _extents;

    internal SafetensorsEntry(string name, SafetensorsType type, long[] extents, long count, long begin)
    {
        Name = name;
        Type = type;
        _extents = extents;
        Count = count;
        Begin = begin;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public SafetensorsType Type { get; }

    /// <summary>Its extents, outermost first; none for a scalar.</summary>
    public IReadOnlyList<long> Extents => _extents;

    /// <summary>The number of its elements.</summary>
    public long Count { get; }

    /// <summary>The size of its elements, in bytes.</summary>
    public long Bytes => Count * Type.SizeInBytes();

    /// <summary>Where its first element stands, in bytes from the end of the header.</summary>
    internal long Begin { get; }

    /// <summary>Type and extents as <c>F32 [64, 784]</c>.</summary>
    public override string ToString() => $"{Type} {Wording.Extents(_extents)}";
}
