using Engine.Kernels.Rows;

namespace Engine.Kernels.Losses;

/// <summary>
/// The binary cross-entropy of each element, in nats, for targets from 0 to 1: from probabilities, or, stable for any value, from logits.
/// </summary>
public static class BinaryCrossEntropy
{
    /// <summary>
    /// The least value that a logarithm is taken to have, so that a probability of exactly 0 or 1 costs 100 nats instead of infinitely
    /// many.
    /// </summary>
    private const double LogFloor = -100;

    /// <summary>The least p (1 - p) that the gradient divides by.</summary>
    private const double VarianceFloor = 1e-12;

    /// <summary>loss = -(t log p + (1 - t) log(1 - p)), each logarithm at least -100.</summary>
    /// <param name="probabilities">p, from 0 to 1.</param>
    /// <param name="targets">t, as many.</param>
    /// <param name="losses">Receives the losses, as many; may be one of the inputs.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void FromProbabilities(Storage probabilities, Storage targets, Storage losses) =>
        Binary(probabilities, targets, losses, new BinaryMap<Probabilities>(default));

    /// <summary>dp = g (p - t) / (p (1 - p)), the divisor at least 1e-12.</summary>
    /// <param name="gradients">g, the gradients of the losses.</param>
    /// <param name="probabilities">p.</param>
    /// <param name="targets">t.</param>
    /// <param name="result">Receives dp.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void FromProbabilitiesGradient(Storage gradients, Storage probabilities, Storage targets, Storage result) =>
        Ternary(gradients, probabilities, targets, result, default(ProbabilitiesGradient));

    /// <summary>loss = softplus(x) - t x, which equals the cross-entropy of sigmoid(x).</summary>
    /// <param name="logits">x, any value.</param>
    /// <param name="targets">t, from 0 to 1, as many.</param>
    /// <param name="losses">Receives the losses, as many; may be one of the inputs.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void FromLogits(Storage logits, Storage targets, Storage losses) =>
        Binary(logits, targets, losses, new ElementMap<Logits>(default));

    /// <summary>dx = g (sigmoid(x) - t).</summary>
    /// <param name="gradients">g, the gradients of the losses.</param>
    /// <param name="logits">x.</param>
    /// <param name="targets">t.</param>
    /// <param name="result">Receives dx.</param>
    /// <exception cref="ArgumentException">The storages differ in device, type or length.</exception>
    public static void FromLogitsGradient(Storage gradients, Storage logits, Storage targets, Storage result) =>
        Ternary(gradients, logits, targets, result, default(LogitsGradient));

    private static void Binary<TOp>(Storage x, Storage t, Storage loss, TOp op) where TOp : unmanaged, IMapOp =>
        Map.Run("BinaryCrossEntropy", op, loss, new Shape(loss.Length), [x, t], [new Shape(x.Length), new Shape(t.Length)]);

    private static void Ternary<TOp>(Storage g, Storage x, Storage t, Storage result, TOp op) where TOp : unmanaged, ITernaryOp =>
        Map.Ternary(g, new Shape(g.Length), x, new Shape(x.Length), t, new Shape(t.Length), result, new Shape(result.Length), op);

    internal readonly struct Probabilities : IBinaryOp
    {
        // loss = -(t log p + (1 - t) log(1 - p))
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T p, T t) where T : unmanaged, ILane<T>
        {
            T log = T.Max(LaneMath.Log(p), T.Of(LogFloor));
            T logOfRest = T.Max(LaneMath.Log1p(-p), T.Of(LogFloor));
            return -((t * log) + ((T.Of(1) - t) * logOfRest));
        }
    }

    internal readonly struct ProbabilitiesGradient : ITernaryOp
    {
        // dp = g (p - t) / (p (1 - p))
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T g, T p, T t) where T : unmanaged, ILane<T> => g * (p - t) / T.Max(p * (T.Of(1) - p), T.Of(VarianceFloor));
    }

    /// <summary>
    /// loss = softplus(x) - t x = (max(x, 0) - t x) + log(1 + e^-|x|): the largest terms cancel before the small one is added.
    /// </summary>
    internal readonly struct Logits : IRowTerm
    {
        public static int Arity => 2;

        public static int LogSign => 1;

        // max(x, 0) - t x
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Term<V>(V x, V t, V unused, V unusedToo) where V : unmanaged, ILane<V> => V.Max(V.Of(0), x) - (t * x);

        // e^-|x|
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Growth<V>(V x, V t, V unused, V unusedToo) where V : unmanaged, ILane<V> => LaneMath.Exp(-V.Abs(x));
    }

    internal readonly struct LogitsGradient : ITernaryOp
    {
        // dx = g (sigmoid(x) - t)
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T g, T x, T t) where T : unmanaged, ILane<T> => g * (LaneMath.Sigmoid(x) - t);
    }
}
