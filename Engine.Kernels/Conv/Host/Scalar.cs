using System.Runtime.CompilerServices;

namespace Engine.Kernels.Conv.Host;

/// <summary>Arithmetic on single elements, where vectors do not reach.</summary>
internal static class Scalar
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Add<T>(T a, T b) where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return (T)(object)((float)(object)a + (float)(object)b);
        return (T)(object)((double)(object)a + (double)(object)b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Of<T>(double value) where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return (T)(object)(float)value;
        return (T)(object)value;
    }
}
