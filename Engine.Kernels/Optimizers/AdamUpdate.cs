namespace Engine.Kernels.Optimizers;

/// <summary>
/// One step of Adam (Kingma and Ba 2014, arXiv:1412.6980, algorithm 1), with or without the decoupled decay of AdamW (Loshchilov and Hutter
/// 2017, arXiv:1711.05101, algorithm 2), fused: parameter, moments and gradient are each read once, and parameter and moments written once.
/// </summary>
public static class AdamUpdate
{
    /// <summary>
    /// Renews any number of parameters and their moments in one launch. A finite gradient whose square overflows counts as the largest one
    /// whose square does not, 1.8e19 in float32: an infinite moment would stop its element for good.
    /// </summary>
    /// <param name="parameters">The parameters; renewed.</param>
    /// <param name="means">The running mean of each gradient; renewed.</param>
    /// <param name="squares">The running mean of its square; renewed.</param>
    /// <param name="gradients">The gradients.</param>
    /// <param name="step">The number of this step, from 1.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="beta1">The decay of the mean.</param>
    /// <param name="beta2">The decay of the square.</param>
    /// <param name="epsilon">What keeps the divisor from 0. Where it is 0 all the same, as with an epsilon of 0 and gradients that were
    /// all 0, or so small that their squares are, the moments take no part in the step.</param>
    /// <param name="weightDecay">The share of the parameter that is taken off, times the learning rate; 0 is Adam itself.</param>
    /// <param name="penalty">The weight of an L2 penalty, whose gradient penalty p is added to g; it goes through the moments.</param>
    /// <exception cref="ArgumentException">The spans differ in length, or storages of one parameter differ in device, type or
    /// length.</exception>
    public static void Run(
        ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> means, ReadOnlySpan<Storage> squares, ReadOnlySpan<Storage> gradients,
        long step, double learningRate, double beta1, double beta2, double epsilon, double weightDecay = 0,
        double penalty = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        double rate = learningRate / (1 - Math.Pow(beta1, step));
        double correction = 1 / Math.Sqrt(1 - Math.Pow(beta2, step));
        Penalty.Update(parameters, means, squares, [], gradients,
            new Op(rate, correction, beta1, beta2, epsilon, 1 - (learningRate * weightDecay)), penalty);
    }

    internal readonly struct Op(double rate, double correction, double beta1, double beta2, double epsilon, double kept) : IUpdateOp
    {
        private readonly LaneConstant _beta1 = new(beta1), _rest1 = new(1 - beta1), _beta2 = new(beta2), _rest2 = new(1 - beta2);
        private readonly LaneConstant _minusRate = new(-rate), _correction = new(correction), _epsilon = new(epsilon), _kept = new(kept);

        public static int States => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, ref T mean, ref T square, ref T unused, T g) where T : unmanaged, ILane<T>
        {
            // m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g²
            g = Squarable.Of(g);
            mean = T.MulAdd(_beta1.As<T>(), mean, _rest1.As<T>() * g);
            square = T.MulAdd(_beta2.As<T>(), square, _rest2.As<T>() * g * g);

            // p = (1 - learningRate decay) p - learningRate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon); no step where that
            // divides by 0
            T divisor = T.MulAdd(T.Sqrt(square), _correction.As<T>(), _epsilon.As<T>());
            T step = T.SelectEqual(divisor, T.Of(0), T.Of(0), _minusRate.As<T>() * mean / divisor);
            parameter = T.MulAdd(_kept.As<T>(), parameter, step);
        }
    }
}

/// <summary>Gradients for updates that keep squares.</summary>
internal static class Squarable
{
    /// <summary>The gradient, or the largest number whose square is finite where its own is not; infinities and NaN as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Of<T>(T g) where T : unmanaged, ILane<T>
    {
        T most = T.Of(T.IsDouble ? 1.3e154 : 1.8e19), magnitude = T.Abs(g);
        return T.SelectLess(most, magnitude, T.SelectLess(magnitude, T.Of(double.PositiveInfinity), T.CopySign(most, g), g), g);
    }
}
