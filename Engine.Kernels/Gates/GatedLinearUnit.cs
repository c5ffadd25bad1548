namespace Engine.Kernels.Gates;

/// <summary>
/// The gated linear unit y = a sigmoid(b) of the two halves of each row, a and b, in one pass (Dauphin et al. 2016, arXiv:1612.08083,
/// equation 1), added to a residual where there is one, and its gradient.
/// </summary>
public static class GatedLinearUnit
{
    /// <summary>y[r, c] = residual[r, c] + x[r, c] sigmoid(x[r, width + c])</summary>
    /// <param name="x">The input, <paramref name="rows"/> x 2 <paramref name="width"/>: float32 or float64.</param>
    /// <param name="residual">What is added, as large as the output; null for nothing.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">Elements of a row of the output.</param>
    /// <param name="y">The output, <paramref name="rows"/> x <paramref name="width"/>; not the input, but it may be the residual.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Run(Storage x, Storage? residual, int rows, int width, Storage y) =>
        GateRows.Run(nameof(GatedLinearUnit), default(Unit), x, residual, rows, width, y);

    /// <summary>With s = sigmoid(b), recomputed from x: da = g s, db = g a s (1 - s). The gradient of the residual is g itself.</summary>
    /// <param name="g">The gradient of the output, <paramref name="rows"/> x <paramref name="width"/>.</param>
    /// <param name="x">The input.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="width">Elements of a row of the output.</param>
    /// <param name="dx">The gradient of the input, <paramref name="rows"/> x 2 <paramref name="width"/>; may be
    /// <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Gradient(Storage g, Storage x, int rows, int width, Storage dx) =>
        GateRows.Gradient($"{nameof(GatedLinearUnit)}.{nameof(Gradient)}", default(Unit), g, x, rows, width, dx);

    internal readonly struct Unit : IGate
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T a, T b) where T : unmanaged, ILane<T> => a * LaneMath.Sigmoid(b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Gradient<T>(T g, T a, T b, out T da, out T db) where T : unmanaged, ILane<T>
        {
            T s = LaneMath.Sigmoid(b);
            da = Chain.Rule(g, s);
            db = T.SelectEqual(g, T.Of(0), g, da * a * (T.Of(1) - s));
        }
    }
}
