using System.Runtime.Intrinsics.Arm;

namespace Engine.Kernels.Lanes;

/// <summary>
/// x86's minimum and maximum: y where either is NaN, and where both are 0, whatever their signs. ARM64's own put -0 below +0 and take NaN
/// from either side; a comparison and a choice there give the bits of x86.
/// </summary>
internal static class NativeOrder
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The smaller one.</summary>
    [MethodImpl(Inline)]
    internal static Vector128<T> Lesser<T>(Vector128<T> x, Vector128<T> y) =>
        AdvSimd.IsSupported ? Vector128.ConditionalSelect(Vector128.LessThan(x, y), x, y) : Vector128.MinNative(x, y);

    /// <summary>The larger one.</summary>
    [MethodImpl(Inline)]
    internal static Vector128<T> Greater<T>(Vector128<T> x, Vector128<T> y) =>
        AdvSimd.IsSupported ? Vector128.ConditionalSelect(Vector128.GreaterThan(x, y), x, y) : Vector128.MaxNative(x, y);

    /// <summary>The smaller one.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<T> Lesser<T>(Vector256<T> x, Vector256<T> y) =>
        AdvSimd.IsSupported ? Vector256.ConditionalSelect(Vector256.LessThan(x, y), x, y) : Vector256.MinNative(x, y);

    /// <summary>The larger one.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<T> Greater<T>(Vector256<T> x, Vector256<T> y) =>
        AdvSimd.IsSupported ? Vector256.ConditionalSelect(Vector256.GreaterThan(x, y), x, y) : Vector256.MaxNative(x, y);

    /// <summary>The smaller one.</summary>
    [MethodImpl(Inline)]
    internal static Vector512<T> Lesser<T>(Vector512<T> x, Vector512<T> y) =>
        AdvSimd.IsSupported ? Vector512.ConditionalSelect(Vector512.LessThan(x, y), x, y) : Vector512.MinNative(x, y);

    /// <summary>The larger one.</summary>
    [MethodImpl(Inline)]
    internal static Vector512<T> Greater<T>(Vector512<T> x, Vector512<T> y) =>
        AdvSimd.IsSupported ? Vector512.ConditionalSelect(Vector512.GreaterThan(x, y), x, y) : Vector512.MaxNative(x, y);
}
