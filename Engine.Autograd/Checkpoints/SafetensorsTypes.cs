using Engine.Kernels;

namespace Engine.Autograd.Checkpoints;

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

    /// <summary>The type of a name as it stands in a file, upper case and nothing else; null where there is none.</summary>
    internal static SafetensorsType? Named(string name)
    {
        foreach (SafetensorsType type in s_all)
            if (type.ToString() == name) return type;
        return null;
    }
}
