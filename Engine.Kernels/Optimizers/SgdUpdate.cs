namespace Engine.Kernels.Optimizers;

/// <summary>One step of stochastic gradient descent, plain or with momentum, fused into one pass over memory.</summary>
public static class SgdUpdate
{
    /// <summary>p -= learningRate g, for any number of parameters in one launch.</summary>
    /// <param name="parameters">The parameters; renewed.</param>
    /// <param name="gradients">The gradient of each.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Run(ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> gradients, double learningRate) =>
        Map.Update(parameters, [], [], [], gradients, new Plain(learningRate));

    /// <summary>v = momentum v + g; p -= learningRate v, for any number of parameters in one launch.</summary>
    /// <param name="parameters">The parameters; renewed.</param>
    /// <param name="velocities">v of each, zeros at first; renewed.</param>
    /// <param name="gradients">The gradient of each.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="momentum">The share of the velocity that stays.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void Run(
        ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> velocities, ReadOnlySpan<Storage> gradients, double learningRate,
        double momentum) =>
        Map.Update(parameters, velocities, [], [], gradients, new WithMomentum(learningRate, momentum));

    internal readonly struct Plain(double rate) : IUpdateOp
    {
        public static int States => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, ref T second, ref T third, ref T fourth, T g) where T : unmanaged, ILane<T> =>
            parameter = T.MulAdd(T.Of(-rate), g, parameter);
    }

    internal readonly struct WithMomentum(double rate, double momentum) : IUpdateOp
    {
        public static int States => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<T>(ref T parameter, ref T velocity, ref T third, ref T fourth, T g) where T : unmanaged, ILane<T>
        {
            velocity = T.MulAdd(T.Of(momentum), velocity, g);
            parameter = T.MulAdd(T.Of(-rate), velocity, parameter);
        }
    }
}
