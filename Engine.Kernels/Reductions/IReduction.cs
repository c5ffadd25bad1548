using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Reductions;

/// <summary>
/// What a reduction does to its terms: each one is mapped, the mapped ones are combined, and the total is finished. The center is a
/// number for each output that an earlier pass has found: the maximum for log-sum-exp, the mean for the variance.
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
