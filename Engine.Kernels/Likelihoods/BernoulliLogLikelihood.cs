using Engine.Kernels.Rows;

namespace Engine.Kernels.Likelihoods;

/// <summary>
/// The log-probability of pixels x from 0 to 1 under independent Bernoulli variables with the logits l, in nats, stable for any logit:
/// log p(x) = x log sigmoid(l) + (1 - x) log sigmoid(-l) = x l - softplus(l). Elementwise, or summed over rows in one pass.
/// </summary>
public static class BernoulliLogLikelihood
{
    /// <summary>y = x l - softplus(l), elementwise, the arguments broadcast to the shape of y.</summary>
    /// <param name="logits">l, any value.</param>
    /// <param name="logitsShape">Its shape.</param>
    /// <param name="x">x, from 0 to 1.</param>
    /// <param name="xShape">Its shape.</param>
    /// <param name="y">Receives the log-probabilities.</param>
    /// <param name="shape">The shape of y.</param>
    /// <exception cref="ArgumentException">A shape does not broadcast, a storage does not fit its shape, or the storages differ in device
    /// or type.</exception>
    public static void Elements(Storage logits, Shape logitsShape, Storage x, Shape xShape, Storage y, Shape shape) =>
        Map.Run("BernoulliLogLikelihood", new ElementMap<RowTerm>(default), y, shape, [logits, x], [logitsShape, xShape]);

    /// <summary>sums[row] = sum over j of (x l - softplus(l))[row, j], in one pass.</summary>
    /// <param name="logits">l, any value.</param>
    /// <param name="logitsShape">Its shape.</param>
    /// <param name="x">x, from 0 to 1; with logits [k, batch, n], an x of [batch, n] is read k times, not copied.</param>
    /// <param name="xShape">Its shape.</param>
    /// <param name="terms">The shape of what is added up: [..., n].</param>
    /// <param name="sums">Receives the sums: one for each place of the axes before the innermost.</param>
    /// <exception cref="ArgumentException">A shape does not broadcast, a storage does not fit its shape, or the storages differ in device
    /// or type.</exception>
    public static void Rows(Storage logits, Shape logitsShape, Storage x, Shape xShape, Shape terms, Storage sums) =>
        RowSum.Run("BernoulliLogLikelihood", default(RowTerm), terms, sums, [logits, x], [logitsShape, xShape]);

    /// <summary>
    /// dl = g (x - sigmoid(l)), in one pass, the arguments broadcast to the shape of the result: for a sum over rows g is [..., 1].
    /// </summary>
    /// <param name="g">The gradients of the log-probabilities, or of their sums.</param>
    /// <param name="gShape">Their shape.</param>
    /// <param name="logits">l.</param>
    /// <param name="logitsShape">Its shape.</param>
    /// <param name="x">x.</param>
    /// <param name="xShape">Its shape.</param>
    /// <param name="result">Receives dl.</param>
    /// <param name="shape">The shape of the result.</param>
    /// <exception cref="ArgumentException">A shape does not broadcast, a storage does not fit its shape, or the storages differ in device
    /// or type.</exception>
    public static void Gradient(
        Storage g, Shape gShape, Storage logits, Shape logitsShape, Storage x, Shape xShape, Storage result, Shape shape) =>
        Map.Ternary(g, gShape, logits, logitsShape, x, xShape, result, shape, default(LogitsGradient));

    /// <summary>
    /// x l - softplus(l) = (x l - max(l, 0)) - log(1 + e^-|l|): the large terms cancel before the small one is taken away.
    /// </summary>
    internal readonly struct RowTerm : IRowTerm
    {
        public static int Arity => 2;

        public static int LogSign => -1;

        // x l - max(l, 0)
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Term<V>(V l, V x, V unused, V unusedToo) where V : unmanaged, ILane<V> => (x * l) - V.Max(V.Of(0), l);

        // e^-|l|
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Growth<V>(V l, V x, V unused, V unusedToo) where V : unmanaged, ILane<V> => LaneMath.Exp(-V.Abs(l));
    }

    internal readonly struct LogitsGradient : ITernaryOp
    {
        // dl = g (x - sigmoid(l))
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T g, T l, T x) where T : unmanaged, ILane<T> => g * (x - LaneMath.Sigmoid(l));
    }
}
