namespace Engine.Kernels.Optimizers;

/// <summary>Exponential moving averages of arrays.</summary>
public static class AverageUpdate
{
    /// <summary>a += (1 - decay) (x - a), for any number of arrays in one launch.</summary>
    /// <param name="averages">a; renewed.</param>
    /// <param name="values">x of each.</param>
    /// <param name="decay">The share of the average that stays.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Run(ReadOnlySpan<Storage> averages, ReadOnlySpan<Storage> values, double decay) =>
        Map.Update(averages, [], [], [], values, new Op(1 - decay));

    /// <summary>Exchanges the elements of arrays.</summary>
    /// <param name="first">Some arrays; changed.</param>
    /// <param name="second">As many of the same lengths; changed.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Exchange(ReadOnlySpan<Storage> first, ReadOnlySpan<Storage> second) =>
        Map.Update(first, second, [], [], first, default(ExchangeOp));

    internal readonly struct Op(double share) : IUpdateOp
    {
        public static int States => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T average, ref T second, ref T third, ref T fourth, T x) where T : unmanaged, ILane<T> =>
            average = T.MulAdd(T.Of(share), x - average, average);
    }

    internal readonly struct ExchangeOp : IUpdateOp
    {
        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T first, ref T second, ref T third, ref T fourth, T x)
            where T : unmanaged, ILane<T> => (first, second) = (second, first);
    }
}
