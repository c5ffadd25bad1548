namespace Engine.Kernels.Optimizers;

/// <summary>One step of stochastic gradient descent, plain or with momentum, fused into one pass over memory.</summary>
public static class SgdUpdate
{
    /// <summary>p -= learningRate g, for any number of parameters in one launch.</summary>
    /// <param name="parameters">The parameters; renewed.</param>
    /// <param name="gradients">The gradient of each.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="penalty">The weight of an L2 penalty, whose gradient penalty p is added to g.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Run(
        ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> gradients, double learningRate, double penalty = 0) =>
        Penalty.Update(parameters, [], [], [], gradients, new Plain(learningRate), penalty);

    /// <summary>v = momentum v + g; p -= learningRate v, for any number of parameters in one launch.</summary>
    /// <param name="parameters">The parameters; renewed.</param>
    /// <param name="velocities">v of each, zeros at first; renewed.</param>
    /// <param name="gradients">The gradient of each.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="momentum">The share of the velocity that stays.</param>
    /// <param name="penalty">The weight of an L2 penalty, whose gradient penalty p is added to g.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Run(
        ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> velocities, ReadOnlySpan<Storage> gradients, double learningRate,
        double momentum, double penalty = 0) =>
        Penalty.Update(parameters, velocities, [], [], gradients, new WithMomentum(learningRate, momentum), penalty);

    internal readonly struct Plain(double rate) : IUpdateOp
    {
        private readonly LaneConstant _minusRate = new(-rate);

        public static int States => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, ref T second, ref T third, ref T fourth, T g) where T : unmanaged, ILane<T> =>
            parameter = T.MulAdd(_minusRate.As<T>(), g, parameter);
    }

    internal readonly struct WithMomentum(double rate, double momentum) : IUpdateOp
    {
        private readonly LaneConstant _minusRate = new(-rate), _momentum = new(momentum);

        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, ref T velocity, ref T third, ref T fourth, T g) where T : unmanaged, ILane<T>
        {
            velocity = T.MulAdd(_momentum.As<T>(), velocity, g);
            parameter = T.MulAdd(_minusRate.As<T>(), velocity, parameter);
        }
    }
}

/// <summary>An L2 penalty decay p² / 2 of the parameters, for the update of any optimiser.</summary>
internal static class Penalty
{
    /// <summary>As <see cref="Map.Update"/>, from the gradients with the penalty's added; without a penalty from them alone.</summary>
    internal static void Update<TOp>(
        ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> second, ReadOnlySpan<Storage> third, ReadOnlySpan<Storage> fourth,
        ReadOnlySpan<Storage> gradients, TOp op, double penalty)
        where TOp : unmanaged, IUpdateOp
    {
        if (penalty == 0) Map.Update(parameters, second, third, fourth, gradients, op);
        else Map.Update(parameters, second, third, fourth, gradients, new Penalized<TOp>(op, penalty));
    }
}

/// <summary>An update from g + penalty p in place of g.</summary>
internal readonly struct Penalized<TOp>(TOp op, double penalty) : IUpdateOp where TOp : unmanaged, IUpdateOp
{
    private readonly TOp _op = op;
    private readonly LaneConstant _penalty = new(penalty);

    public static int States => TOp.States;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<T>(ref T parameter, ref T second, ref T third, ref T fourth, T g) where T : unmanaged, ILane<T> =>
        _op.Apply(ref parameter, ref second, ref third, ref fourth, T.MulAdd(_penalty.As<T>(), parameter, g));
}
