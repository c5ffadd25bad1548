using Engine.Kernels;

namespace Engine.Autograd.Checkpoints;

/// <summary>What a safetensors file's header says of one tensor.</summary>
public sealed class SafetensorsEntry
{
    private readonly long[] _extents;

    internal SafetensorsEntry(string name, string typeName, long[] extents, long count, long begin, long bytes)
    {
        Name = name;
        TypeName = typeName;
        Type = SafetensorsTypes.Named(typeName);
        _extents = extents;
        Count = count;
        Begin = begin;
        Bytes = bytes;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The type of its elements; <see cref="SafetensorsType.Other"/> where the file names one that is none of these.</summary>
    public SafetensorsType Type { get; }

    /// <summary>The type of its elements as the file names it.</summary>
    public string TypeName { get; }

    /// <summary>Its extents, outermost first; none for a scalar.</summary>
    public IReadOnlyList<long> Extents => _extents;

    /// <summary>The number of its elements.</summary>
    public long Count { get; }

    /// <summary>The size of its elements, in bytes.</summary>
    public long Bytes { get; }

    /// <summary>Where its first element is, in bytes from the end of the header.</summary>
    internal long Begin { get; }

    /// <summary>The checksum of its bytes; null in a file without checksums.</summary>
    internal ulong? Checksum { get; set; }

    /// <summary>Type and extents as <c>F32 [64, 784]</c>.</summary>
    public override string ToString() => $"{Wording.Plain(TypeName)} {Wording.Extents(_extents)}";
}

/// <summary>
/// The element types of safetensors files, under their names in the format. All can be read but <see cref="F4"/>, <see cref="F6_E2M3"/>,
/// <see cref="F6_E3M2"/>, <see cref="C64"/> and <see cref="Other"/>; a file that holds these opens, and asking for one of them is refused.
/// </summary>
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

    /// <summary>16-bit unsigned integers.</summary>
    U16,

    /// <summary>32-bit unsigned integers.</summary>
    U32,

    /// <summary>64-bit unsigned integers.</summary>
    U64,

    /// <summary>8-bit floats of 5 exponent and 2 fraction bits, with infinities and NaN: the upper half of a binary16.</summary>
    F8_E5M2,

    /// <summary>
    /// 8-bit floats of 4 exponent and 3 fraction bits, up to 448, without infinities (Micikevicius et al. 2022, arXiv:2209.05433).
    /// </summary>
    F8_E4M3,

    /// <summary>As <see cref="F8_E5M2"/> with exponents one lower, and no other special value than one NaN, where -0 would be.</summary>
    F8_E5M2FNUZ,

    /// <summary>As <see cref="F8_E4M3"/> with exponents one lower, and no other special value than one NaN, where -0 would be.</summary>
    F8_E4M3FNUZ,

    /// <summary>8-bit powers of 2, from 2^-127 to 2^127: scales of blocks of the OCP's Microscaling formats.</summary>
    F8_E8M0,

    /// <summary>4-bit floats, two in a byte.</summary>
    F4,

    /// <summary>6-bit floats of 2 exponent and 3 fraction bits, packed.</summary>
    F6_E2M3,

    /// <summary>6-bit floats of 3 exponent and 2 fraction bits, packed.</summary>
    F6_E3M2,

    /// <summary>Complex numbers of two binary32.</summary>
    C64,

    /// <summary>Any other: see <see cref="SafetensorsEntry.TypeName"/>.</summary>
    Other,
}

/// <summary>What there is to know about a <see cref="SafetensorsType"/>.</summary>
internal static class SafetensorsTypes
{
    private static readonly Dictionary<string, SafetensorsType> s_named =
        Enum.GetValues<SafetensorsType>().Where(type => type != SafetensorsType.Other).ToDictionary(type => type.ToString());

    /// <summary>The types with a conversion to float and double.</summary>
    internal static string Readable { get; } = string.Join(", ", s_named.Values.Where(IsReadable));

    internal static bool IsReadable(this SafetensorsType type) => type < SafetensorsType.F4;

    internal static int SizeInBytes(this SafetensorsType type) => type.SizeInBits() / 8;

    /// <summary>The size of an element in bits; 0 for <see cref="SafetensorsType.Other"/>, where it is not known.</summary>
    internal static int SizeInBits(this SafetensorsType type) => type switch
    {
        SafetensorsType.Other => 0,
        SafetensorsType.F4 => 4,
        SafetensorsType.F6_E2M3 or SafetensorsType.F6_E3M2 => 6,
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 => 8,
        >= SafetensorsType.F8_E5M2 and <= SafetensorsType.F8_E8M0 => 8,
        SafetensorsType.I16 or SafetensorsType.U16 or SafetensorsType.F16 or SafetensorsType.BF16 => 16,
        SafetensorsType.I32 or SafetensorsType.U32 or SafetensorsType.F32 => 32,
        _ => 64,
    };

    internal static bool IsFloating(this SafetensorsType type) =>
        type is SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F32 or SafetensorsType.F64
            or (>= SafetensorsType.F8_E5M2 and <= SafetensorsType.F8_E8M0);

    internal static SafetensorsType Of(DType type) => type switch
    {
        DType.Float32 => SafetensorsType.F32,
        DType.Float64 => SafetensorsType.F64,
        _ => SafetensorsType.I32,
    };

    /// <summary>The type whose bytes are those of <typeparamref name="T"/>; null where there is none.</summary>
    internal static SafetensorsType? Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? SafetensorsType.F32
        : typeof(T) == typeof(double) ? SafetensorsType.F64
        : typeof(T) == typeof(int) ? SafetensorsType.I32
        : typeof(T) == typeof(long) ? SafetensorsType.I64
        : typeof(T) == typeof(byte) ? SafetensorsType.U8
        : null;

    /// <summary>The type of a name as it appears in a file, upper case and nothing else.</summary>
    internal static SafetensorsType Named(string name) => s_named.GetValueOrDefault(name, SafetensorsType.Other);
}
