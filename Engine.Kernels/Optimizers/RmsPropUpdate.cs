namespace Engine.Kernels.Optimizers;

/// <summary>
/// One step of RMSProp (Tieleman and Hinton 2012, lecture 6.5), plain, centred (Graves 2013, arXiv:1308.0850, equations 38 to 45) or with
/// momentum, fused into one pass over memory.
/// </summary>
public static class RmsPropUpdate
{
    /// <summary>
    /// v = alpha v + (1 - alpha) g²; d = g / (sqrt(v) + epsilon); p -= learningRate d. Centred, m = alpha m + (1 - alpha) g, and the
    /// root is of v - m²; with momentum, b = momentum b + d takes the place of d in the last equation. Gradients whose squares overflow
    /// count as in <see cref="AdamUpdate"/>.
    /// </summary>
    /// <param name="parameters">p; renewed.</param>
    /// <param name="squares">v of each, zeros at first; renewed.</param>
    /// <param name="means">m of each, zeros at first; renewed. None for the plain form.</param>
    /// <param name="velocities">b of each, zeros at first; renewed. None without momentum.</param>
    /// <param name="gradients">g of each.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="alpha">The decay of the means.</param>
    /// <param name="epsilon">What keeps the divisor from 0. Where it is 0 all the same, d is 0.</param>
    /// <param name="momentum">The share of the velocity that stays.</param>
    /// <param name="penalty">The weight of an L2 penalty, whose gradient penalty p is added to g.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Run(
        ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> squares, ReadOnlySpan<Storage> means, ReadOnlySpan<Storage> velocities,
        ReadOnlySpan<Storage> gradients, double learningRate, double alpha, double epsilon, double momentum,
        double penalty = 0)
    {
        Constants constants = new(learningRate, alpha, epsilon, momentum);
        bool isCentered = means.Length > 0, hasMomentum = velocities.Length > 0;
        if (isCentered && hasMomentum)
            Penalty.Update(parameters, squares, means, velocities, gradients, new Op<Yes, Yes>(constants), penalty);
        else if (isCentered) Penalty.Update(parameters, squares, means, [], gradients, new Op<Yes, No>(constants), penalty);
        else if (hasMomentum) Penalty.Update(parameters, squares, velocities, [], gradients, new Op<No, Yes>(constants), penalty);
        else Penalty.Update(parameters, squares, [], [], gradients, new Op<No, No>(constants), penalty);
    }

    internal readonly record struct Constants(double Rate, double Alpha, double Epsilon, double Momentum);

    internal readonly struct Op<TCentered, TMomentum>(Constants constants) : IUpdateOp
        where TCentered : unmanaged, IChoice
        where TMomentum : unmanaged, IChoice
    {
        private readonly LaneConstant _minusRate = new(-constants.Rate), _alpha = new(constants.Alpha), _rest = new(1 - constants.Alpha);
        private readonly LaneConstant _epsilon = new(constants.Epsilon), _momentum = new(constants.Momentum);

        public static int States => 2 + (TCentered.Value ? 1 : 0) + (TMomentum.Value ? 1 : 0);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, ref T square, ref T third, ref T fourth, T g) where T : unmanaged, ILane<T>
        {
            // v = alpha v + (1 - alpha) g²
            g = Squarable.Of(g);
            square = T.MulAdd(_alpha.As<T>(), square, _rest.As<T>() * g * g);
            T variance = square;
            if (TCentered.Value)
            {
                // m = alpha m + (1 - alpha) g; the variance v - m² is never negative but for rounding
                third = T.MulAdd(_alpha.As<T>(), third, _rest.As<T>() * g);
                variance = T.Max(T.MulAdd(-third, third, square), T.Of(0));
            }

            // d = g / (sqrt(v) + epsilon), and 0 where that divides by 0
            T divisor = T.Sqrt(variance) + _epsilon.As<T>();
            T direction = T.SelectEqual(divisor, T.Of(0), T.Of(0), g / divisor);
            if (TMomentum.Value && TCentered.Value) direction = fourth = T.MulAdd(_momentum.As<T>(), fourth, direction);
            if (TMomentum.Value && !TCentered.Value) direction = third = T.MulAdd(_momentum.As<T>(), third, direction);
            parameter = T.MulAdd(_minusRate.As<T>(), direction, parameter);
        }
    }
}
