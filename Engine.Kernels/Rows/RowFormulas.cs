using Engine.Kernels.Lanes;

namespace Engine.Kernels.Rows;

/// <summary>
/// An operation on rows as its GPU kernels take it: each element is a function of its own inputs, the maximum of the first input's row, and
/// the sum of one term for each element of the row.
/// </summary>
internal interface IRowFormula
{
    /// <summary>Whether the maximum is wanted; otherwise it is 0. With it, there is no second input.</summary>
    static abstract bool TakesMaximum { get; }

    /// <summary>What is added up over the row.</summary>
    V Term<V>(V a, V b, V maximum) where V : unmanaged, ILane<V>;

    /// <summary>An element of the output.</summary>
    V Element<V>(V a, V b, V maximum, V sum) where V : unmanaged, ILane<V>;
}

/// <summary>exp(x - max x) / sum(exp(x - max x))</summary>
internal readonly struct SoftmaxFormula : IRowFormula
{
    public static bool TakesMaximum => true;
    public V Term<V>(V x, V unused, V maximum) where V : unmanaged, ILane<V> => LaneMath.Exp(x - maximum);
    public V Element<V>(V x, V unused, V maximum, V sum) where V : unmanaged, ILane<V> => LaneMath.Exp(x - maximum) / sum;
}

/// <summary>(x - max x) - log(sum(exp(x - max x)))</summary>
internal readonly struct LogSoftmaxFormula : IRowFormula
{
    public static bool TakesMaximum => true;
    public V Term<V>(V x, V unused, V maximum) where V : unmanaged, ILane<V> => LaneMath.Exp(x - maximum);
    public V Element<V>(V x, V unused, V maximum, V sum) where V : unmanaged, ILane<V> => (x - maximum) - LaneMath.Log(sum);
}

/// <summary>y (g - sum(g y))</summary>
internal readonly struct SoftmaxBackwardFormula : IRowFormula
{
    public static bool TakesMaximum => false;
    public V Term<V>(V g, V y, V unused) where V : unmanaged, ILane<V> => g * y;
    public V Element<V>(V g, V y, V unused, V sum) where V : unmanaged, ILane<V> => y * (g - sum);
}

/// <summary>g - exp(y) sum(g)</summary>
internal readonly struct LogSoftmaxBackwardFormula : IRowFormula
{
    public static bool TakesMaximum => false;
    public V Term<V>(V g, V y, V unused) where V : unmanaged, ILane<V> => g;
    public V Element<V>(V g, V y, V unused, V sum) where V : unmanaged, ILane<V> => g - (LaneMath.Exp(y) * sum);
}
