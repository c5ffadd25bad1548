namespace Engine.Kernels.Reductions;

/// <summary>
/// What a reduction does to its terms: each one is mapped, the mapped ones are combined, and the total is finished. The center is a
/// value for each output that an earlier pass has found: the maximum for log-sum-exp, the mean for the variance.
/// </summary>
internal interface IReduction
{
    /// <summary>What changes nothing when it is combined.</summary>
    double Identity { get; }

    /// <summary>What is done to a term first.</summary>
    V Map<V>(V x, V center) where V : unmanaged, ILane<V>;

    /// <summary>
    /// A term that <see cref="Map"/> turns into <see cref="Identity"/>: what a vector is filled up with at the end of a row.
    /// </summary>
    V Padding<V>(V center) where V : unmanaged, ILane<V>;

    /// <summary>The total of two parts.</summary>
    V Combine<V>(V a, V b) where V : unmanaged, ILane<V>;

    /// <summary>The total of two parts, in double: how blocks are brought together.</summary>
    double Combine(double a, double b);

    /// <summary>What is done to the total at the end.</summary>
    V Finish<V>(V total, V center) where V : unmanaged, ILane<V>;
}

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

/// <summary>
/// sum(x) / n of terms that are multiplied by a power of two, so that their sum cannot overflow. It changes no bit but of terms next to the
/// smallest numbers, which lose their last.
/// </summary>
internal readonly struct ScaledMeanReduction(int terms) : IReduction
{
    private readonly double _power = ReductionScale.Of(terms), _divisor = terms * ReductionScale.Of(terms);

    public double Identity => 0;
    public V Map<V>(V x, V center) where V : unmanaged, ILane<V> => x * V.Of(_power);
    public V Padding<V>(V center) where V : unmanaged, ILane<V> => V.Of(0);
    public V Combine<V>(V a, V b) where V : unmanaged, ILane<V> => a + b;
    public double Combine(double a, double b) => a + b;
    public V Finish<V>(V total, V center) where V : unmanaged, ILane<V> => total / V.Of(_divisor);
}

/// <summary>Powers of two that keep sums from overflowing, and when ordinary statistics are not enough.</summary>
internal static class ReductionScale
{
    private const double SmallSingle = 1.0 / (1L << 50) / (1L << 50), SmallDouble = 1.499696813895631e-241;

    /// <summary>At most 1 / terms.</summary>
    internal static double Of(int terms) => 1 / Math.ScaleB(1, BitOperations.Log2((uint)Math.Max(1, terms)) + 1);

    /// <summary>What values are multiplied by where their squares overflow: 2^-100, or 2^-800 in float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Small<V>() where V : unmanaged, ILane<V> => V.Of(V.IsDouble ? SmallDouble : SmallSingle);

    /// <summary>Its reciprocal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Large<V>() where V : unmanaged, ILane<V> => V.Of(Large(V.IsDouble));

    /// <inheritdoc cref="Large{V}"/>
    internal static double Large(bool isDouble) => isDouble ? 1 / SmallDouble : 1 / SmallSingle;

    /// <summary>What values are multiplied by where they are summed in double: float32 ones need not be.</summary>
    internal static double SmallInDouble<T>() => typeof(T) == typeof(double) ? SmallDouble : 1;

    /// <summary>A mean that is further from 0 than so many deviations is rounded by so much that it counts in the variance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double FarDeviations(bool isDouble) => isDouble ? 1e6 : 100;
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
