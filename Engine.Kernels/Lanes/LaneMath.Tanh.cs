using System.Runtime.CompilerServices;

namespace Engine.Kernels.Lanes;

public static partial class LaneMath
{
    /// <summary>The hyperbolic tangent, with full relative precision near 0.</summary>
    /// <remarks>float32: 2.48 ULP over all x; float64: 2.57 ULP.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : unmanaged, ILane<T>
    {
        // Beyond the bound tanh rounds to one.
        T bound = T.Of(T.IsDouble ? 40.0 : 20.0);
        T magnitude = T.Abs(x);
        T doubled = T.Min(bound, magnitude + magnitude);

        // tanh |x| = e / (e + 2), e = exp(2 |x|) - 1.
        T n = T.Round(doubled * T.Of(Log2E));
        T power = T.PowerOfTwo(n);
        T e = T.MulAdd(ExpMinusOneNearZero(doubled, n), power, power - T.Of(1));
        return T.CopySign(e / (e + T.Of(2)), x);
    }
}
