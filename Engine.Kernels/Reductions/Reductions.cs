using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Reductions;

/// <summary>sum(x)</summary>
internal readonly struct SumReduction : IReduction
{
    public double Identity => 0;
    public V Map<V>(V x, V center) where V : unmanaged, ILane<V> => x;
    public V Padding<V>(V center) where V : unmanaged, ILane<V> => V.Of(0);
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => a + b;
    public double Combine(double a, double b) => a + b;
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => total;
}

/// <summary>sum(x) / n</summary>
internal readonly struct MeanReduction(int terms) : IReduction
{
    public double Identity => 0;
    public V Map<V>(V x, V center) where V : unmanaged, ILane<V> => x;
    public V Padding<V>(V center) where V : unmanaged, ILane<V> => V.Of(0);
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => a + b;
    public double Combine(double a, double b) => a + b;
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => total / V.Of(terms);
}

/// <summary>sum((x - mean)^2) / n</summary>
internal readonly struct VarianceReduction(int terms) : IReduction
{
    public double Identity => 0;

    public V Map<V>(V x, V center) where V : unmanaged, ILane<V>
    {
        V distance = x - center;
        return distance * distance;
    }

    public V Padding<V>(V center) where V : unmanaged, ILane<V> => center;
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => a + b;
    public double Combine(double a, double b) => a + b;
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => total / V.Of(terms);
}

/// <summary>sum(x - center)</summary>
internal readonly struct CenteredReduction : IReduction
{
    public double Identity => 0;
    public V Map<V>(V x, V center) where V : unmanaged, ILane<V> => x - center;
    public V Padding<V>(V center) where V : unmanaged, ILane<V> => center;
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => a + b;
    public double Combine(double a, double b) => a + b;
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => total;
}

/// <summary>max(x)</summary>
internal readonly struct MaxReduction : IReduction
{
    public double Identity => double.NegativeInfinity;
    public V Map<V>(V x, V center) where V : unmanaged, ILane<V> => x;
    public V Padding<V>(V center) where V : unmanaged, ILane<V> => V.Of(double.NegativeInfinity);
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => V.Max(a, b);
    public double Combine(double a, double b) => Math.Max(a, b);
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => total;
}

/// <summary>min(x)</summary>
internal readonly struct MinReduction : IReduction
{
    public double Identity => double.PositiveInfinity;
    public V Map<V>(V x, V center) where V : unmanaged, ILane<V> => x;
    public V Padding<V>(V center) where V : unmanaged, ILane<V> => V.Of(double.PositiveInfinity);
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => V.Min(a, b);
    public double Combine(double a, double b) => Math.Min(a, b);
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => total;
}

/// <summary>m + log(sum(exp(x - m)))</summary>
internal readonly struct LogSumExpReduction : IReduction
{
    public double Identity => 0;
    public V Map<V>(V x, V center) where V : unmanaged, ILane<V> => LaneMath.Exp(x - Finite(center));
    public V Padding<V>(V center) where V : unmanaged, ILane<V> => V.Of(double.NegativeInfinity);
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => a + b;
    public double Combine(double a, double b) => a + b;
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => Finite(center) + LaneMath.Log(total);

    // An infinite maximum decides the result by itself; subtracting it would make NaN of infinity minus infinity.
    private static V Finite<V>(V center) where V : unmanaged, ILane<V> =>
        V.SelectEqual(V.Abs(center), V.Of(double.PositiveInfinity), V.Of(0), center);
}

/// <summary>Brings partial results together, which are mapped already.</summary>
internal readonly struct PartsReduction<TOp>(TOp op) : IReduction where TOp : struct, IReduction
{
    public double Identity => op.Identity;
    public V Map<V>(V x, V center) where V : unmanaged, ILane<V> => x;
    public V Padding<V>(V center) where V : unmanaged, ILane<V> => V.Of(op.Identity);
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => op.Combine(a, b);
    public double Combine(double a, double b) => op.Combine(a, b);
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => op.Finish(total, center);
}
