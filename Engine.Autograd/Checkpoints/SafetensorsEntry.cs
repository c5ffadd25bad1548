using Engine.Kernels;

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

    /// <summary>Where its first element is, in bytes from the end of the header.</summary>
    internal long Begin { get; }

    /// <summary>Type and extents as <c>F32 [64, 784]</c>.</summary>
    public override string ToString() => $"{Type} {Wording.Extents(_extents)}";
}

/// <summary>The element types that are read from safetensors files, under their names in the format.</summary>
public enum SafetensorsType
{
    /// <summary>One byte, 0 or 1.</summary>
    BOOL,

    /// <summary>8-bit unsigned integers.</summary>
    U8,

    /// <summary>8-bit signed integers.</summary>
    I8,

    /// <summary>16-bit signed integers.</summary>
    I16,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>The upper half of an IEEE 754 binary32.</summary>
    BF16,

    /// <summary>32-bit signed integers.</summary>
    I32,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>64-bit signed integers.</summary>
    I64,

    /// <summary>IEEE 754 binary64.</summary>
    F64,
}

/// <summary>What there is to know about a <see cref="SafetensorsType"/>.</summary>
internal static class SafetensorsTypes
{
    private static readonly SafetensorsType[] s_all = Enum.GetValues<SafetensorsType>();

    internal static int SizeInBytes(this SafetensorsType type) => type switch
    {
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 => 1,
        SafetensorsType.I16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.I32 or SafetensorsType.F32 => 4,
        _ => 8,
    };

    internal static bool IsFloating(this SafetensorsType type) =>
        type is SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F32 or SafetensorsType.F64;

    internal static SafetensorsType Of(DType type) => type switch
    {
        DType.Float32 => SafetensorsType.F32,
        DType.Float64 => SafetensorsType.F64,
        _ => SafetensorsType.I32,
    };

    /// <summary>The type that is written for elements of <typeparamref name="T"/>; null where there is none.</summary>
    internal static SafetensorsType? Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? SafetensorsType.F32
        : typeof(T) == typeof(double) ? SafetensorsType.F64
        : typeof(T) == typeof(int) ? SafetensorsType.I32
        : typeof(T) == typeof(long) ? SafetensorsType.I64
        : typeof(T) == typeof(byte) ? SafetensorsType.U8
        : null;

    /// <summary>The type of a name as it appears in a file, upper case and nothing else; null where there is none.</summary>
    internal static SafetensorsType? Named(string name)
    {
        foreach (SafetensorsType type in s_all)
            if (type.ToString() == name) return type;
        return null;
    }
}
