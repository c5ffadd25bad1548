using Engine.Kernels.RandomNumbers.Gpu;
using Engine.Kernels.RandomNumbers.Host;

namespace Engine.Kernels.RandomNumbers;

/// <summary>
/// What becomes of two random words of a block, which belong to elements sixteen apart: one definition in lanes for the host and for GPUs.
/// </summary>
internal interface IRandomOperation
{
    /// <summary>True when float64 takes further bits from plane 1.</summary>
    static abstract bool TakesLowWords { get; }

    /// <summary>Computes two elements from their words; before, they hold the elements of the input where the operation has one.</summary>
    void Apply<T, TWords>(TWords words, ref T y0, ref T y1) where T : unmanaged, ILane<T> where TWords : struct, IRandomWords<T>;
}

/// <summary>The random words of two elements, or of as many pairs as a lane holds.</summary>
internal interface IRandomWords<T> where T : unmanaged, ILane<T>
{
    /// <summary>A word of plane 0, shifted right, as a floating-point value, rounded where it does not fit.</summary>
    T First(int shift);

    /// <summary>That of the second element.</summary>
    T Second(int shift);

    /// <summary>A word of plane 1, where the operation takes low words.</summary>
    T FirstLow(int shift);

    /// <summary>That of the second element.</summary>
    T SecondLow(int shift);
}

/// <summary>What the random kernels have in common: checks and dispatch.</summary>
internal static class RandomOperation
{
    internal static Device Check(string operation, Storage y, long offset)
    {
        ArgumentNullException.ThrowIfNull(y);
        Arguments.Floating(operation, "the result", y);
        Arguments.RandomOffset(operation, offset);
        return Arguments.OneDevice(operation, y);
    }

    internal static void CheckProbability(string operation, float p, bool oneAllowed)
    {
        if (!(p >= 0 && (oneAllowed ? p <= 1 : p < 1)))
            throw new ArgumentException($"{operation}: p must be a probability in [0, 1{(oneAllowed ? ']' : ')')}, found {p}.");
    }

    /// <summary>Applies an operation to all elements; <paramref name="x"/> is null where it has no input.</summary>
    internal static void Run<TOperation>(Device device, Storage? x, Storage y, TOperation operation, ulong key, long offset)
        where TOperation : unmanaged, IRandomOperation
    {
        if (y.Length == 0) return;
        LaneDispatch.Run(
            device, y.DType, new HostRandom<TOperation>(x, y, operation, key, offset),
            new GpuRandom<TOperation>(x, y, operation, key, offset));
    }
}
