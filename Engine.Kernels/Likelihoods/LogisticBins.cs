using System.Runtime.CompilerServices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Likelihoods;

/// <summary>
/// The bins of a discretised logistic distribution: evenly spaced levels from the lowest to the highest, each bin half a step to either
/// side of its level, the first open below and the last open above. What its operations share:
/// <code>
/// v = e^-logScale, a = v (x - mean + half), b = v (x - mean - half), d = a - b = 2 v half
/// sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^-d)
/// log p = -softplus(-a) - softplus(b) + log(1 - e^-d)
/// </code>
/// of which the first bin has the first term alone and the last bin the second. No term cancels another, so that the logarithm is
/// accurate however far x is from the mean, where the difference of the sigmoids is nothing but rounding.
/// </summary>
/// <param name="low">The lowest level.</param>
/// <param name="high">The highest level.</param>
/// <param name="levels">The number of levels, at least 2.</param>
internal readonly struct LogisticBins(double low, double high, int levels)
{
    /// <summary>From one level to the next.</summary>
    internal readonly double Step = (high - low) / (levels - 1);

    /// <summary>From a level to the end of its bin.</summary>
    internal readonly double Half = (high - low) / (levels - 1) / 2;

    /// <summary>What is below it is in the first bin.</summary>
    internal readonly double FirstEnd = low + ((high - low) / (levels - 1) / 2);

    /// <summary>What is above it is in the last bin.</summary>
    internal readonly double LastStart = high - ((high - low) / (levels - 1) / 2);

    /// <summary>One of the second term, in all bins but the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T UnlessFirst<T>(T x, T value) where T : unmanaged, ILane<T> => T.SelectLess(x, T.Of(FirstEnd), T.Of(0), value);

    /// <summary>One of the first term, in all bins but the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T UnlessLast<T>(T x, T value) where T : unmanaged, ILane<T> => T.SelectLess(T.Of(LastStart), x, T.Of(0), value);

    /// <summary>One value in the first bin, one in the last, one in all others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T Either<T>(T x, T first, T last, T inner)
        where T : unmanaged, ILane<T> => T.SelectLess(x, T.Of(FirstEnd), first, T.SelectLess(T.Of(LastStart), x, last, inner));
}
