namespace Engine.Kernels.Optimizers;

/// <summary>Exponential moving averages of arrays.</summary>
public static class AverageUpdate
{
    /// <summary>
    /// a += (1 - decay) (x - a), for any number of arrays in one launch. With a decay near 1 a step is soon smaller than half a unit in the
    /// last place of a, and would be lost: the average is the unevaluated sum of two values, a and what rounding has cut off it (Kahan
    /// 1965), which together hold twice the digits of the type.
    /// </summary>
    /// <param name="averages">a, the sum rounded to the type; renewed.</param>
    /// <param name="compensations">What a lacks of the average, zeros at first; renewed.</param>
    /// <param name="values">x of each.</param>
    /// <param name="decay">The share of the average that stays.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Run(
        ReadOnlySpan<Storage> averages, ReadOnlySpan<Storage> compensations, ReadOnlySpan<Storage> values, double decay) =>
        Map.Update(averages, compensations, [], [], values, new Op(1 - decay));

    /// <summary>Exchanges the elements of arrays.</summary>
    /// <param name="first">Some arrays; changed.</param>
    /// <param name="second">As many of the same lengths; changed.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Exchange(ReadOnlySpan<Storage> first, ReadOnlySpan<Storage> second) =>
        Map.Update(first, second, [], [], first, default(ExchangeOp));

    internal readonly struct Op(double share) : IUpdateOp
    {
        private readonly LaneConstant _share = new(share);

        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T average, ref T compensation, ref T third, ref T fourth, T x) where T : unmanaged, ILane<T>
        {
            // The average is a + c: it moves by (1 - decay) (x - a - c), and c goes into a with the same addition.
            T a = average, c = compensation, step = T.MulAdd(_share.As<T>(), x - a - c, c);
            average = a + step;

            // c' = a + step - a', exactly (Knuth, The Art of Computer Programming 2, section 4.2.2, theorem B)
            T taken = average - a;
            compensation = (a - (average - taken)) + (step - taken);
        }
    }

    internal readonly struct ExchangeOp : IUpdateOp
    {
        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T first, ref T second, ref T third, ref T fourth, T x)
            where T : unmanaged, ILane<T> => (first, second) = (second, first);
    }
}
