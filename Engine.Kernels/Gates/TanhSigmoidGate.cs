namespace Engine.Kernels.Gates;

/// <summary>
/// The gated activation unit y = tanh(a) sigmoid(b) of the two halves of each row, a and b, in one pass (van den Oord et al. 2016,
/// arXiv:1606.05328, equation 2), and its gradient.
/// </summary>
public static class TanhSigmoidGate
{
    /// <summary>y[r, c] = tanh(x[r, c]) sigmoid(x[r, width + c])</summary>
    /// <param name="x">The input, <paramref name="rows"/> x 2 <paramref name="width"/>: float32 or float64.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">Elements of a row of the output.</param>
    /// <param name="y">The output, <paramref name="rows"/> x <paramref name="width"/>; not the input.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Run(Storage x, int rows, int width, Storage y) =>
        GateRows.Run(nameof(TanhSigmoidGate), default(Unit), x, null, rows, width, y);

    /// <summary>With t = tanh(a) and s = sigmoid(b), recomputed from x: da = g s (1 - t²), db = g t s (1 - s).</summary>
    /// <param name="g">The gradient of the output, <paramref name="rows"/> x <paramref name="width"/>.</param>
    /// <param name="x">The input.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">Elements of a row of the output.</param>
    /// <param name="dx">The gradient of the input, <paramref name="rows"/> x 2 <paramref name="width"/>; may be
    /// <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Gradient(Storage g, Storage x, int rows, int width, Storage dx) =>
        GateRows.Gradient($"{nameof(TanhSigmoidGate)}.{nameof(Gradient)}", default(Unit), g, x, rows, width, dx);

    internal readonly struct Unit : IGate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T a, T b) where T : unmanaged, ILane<T> => LaneMath.Tanh(a) * LaneMath.Sigmoid(b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Gradient<T>(T g, T a, T b, out T da, out T db) where T : unmanaged, ILane<T>
        {
            T t = LaneMath.Tanh(a), s = LaneMath.Sigmoid(b), gs = g * s;
            da = T.SelectEqual(g, T.Of(0), g, gs - (gs * t * t));
            db = T.SelectEqual(g, T.Of(0), g, gs * t * (T.Of(1) - s));
        }
    }
}
