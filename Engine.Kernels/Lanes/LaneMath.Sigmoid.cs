using System.Runtime.CompilerServices;

namespace Engine.Kernels.Lanes;

public static partial class LaneMath
{
    /// <summary>The logistic function 1 / (1 + e^-x); for very negative x it is e^x down to the smallest subnormal number.</summary>
    /// <remarks>float32: 2.25 ULP over all x; float64: 2.18 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : unmanaged, ILane<T>
    {
        // With z = e^-|x|, which cannot overflow: z / (1 + z) below zero, 1 / (1 + z) above.
        T z = Exp(-T.Abs(x));
        T one = T.Of(1);
        return T.SelectLess(x, T.Of(0), z, one) / (one + z);
    }
}
