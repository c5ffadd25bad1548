using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gates;

public static partial class ConcatElu
{
    /// <summary>elu(x) and elu(-x): one of the two is |x|, the other e^-|x| - 1, so that one exponential serves both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Both<T>(T x, out T positive, out T negative) where T : unmanaged, ILane<T>
    {
        T e = LaneMath.Expm1(-T.Abs(x)), zero = T.Of(0);
        positive = T.SelectLess(zero, x, x, e);
        negative = T.SelectLess(x, zero, -x, e);
    }

    /// <summary>g elu'(x) - h elu'(-x), where one of the slopes is 1 and the other e^-|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Slope<T>(T g, T h, T x) where T : unmanaged, ILane<T>
    {
        T e = LaneMath.Exp(-T.Abs(x)), zero = T.Of(0);
        return T.SelectLess(zero, x, g, g * e) - T.SelectLess(x, zero, h, h * e);
    }
}
