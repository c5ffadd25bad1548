using Engine.Kernels.Rows.Gpu;
using Engine.Kernels.Rows.Host;

namespace Engine.Kernels.Rows;

/// <summary>
/// Softmax and log-softmax over the rows of a matrix (all axes but the innermost count as rows), of float or double, with their
/// derivatives. The maximum of each row is subtracted first, so that nothing overflows; -infinity is a term of weight 0 (a masked
/// place). A row of nothing but -infinity, or with NaN or +infinity in it, gives NaN. Output and input may be one storage.
/// </summary>
public static class Softmax
{
    /// <summary>y[i, j] = exp(x[i, j]) / sum over k of exp(x[i, k])</summary>
    /// <param name="x">The input, <paramref name="rows"/> x <paramref name="columns"/>.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns: what is normalised over.</param>
    /// <param name="y">The output, of the same shape.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Run(Storage x, int rows, int columns, Storage y) =>
        Run<HostSoftmax.SoftmaxRow, SoftmaxFormula>("Softmax.Run", rows, columns, (nameof(x), x), (nameof(x), x), (nameof(y), y));

    /// <summary>y[i, j] = x[i, j] - log(sum over k of exp(x[i, k]))</summary>
    /// <inheritdoc cref="Run"/>
    public static void Log(Storage x, int rows, int columns, Storage y) =>
        Run<HostSoftmax.LogSoftmaxRow, LogSoftmaxFormula>("Softmax.Log", rows, columns, (nameof(x), x), (nameof(x), x), (nameof(y), y));

    /// <summary>The derivative of <see cref="Run"/>: dx[i, j] = y[i, j] (g[i, j] - sum over k of g[i, k] y[i, k]).</summary>
    /// <param name="g">The gradient with respect to the output, <paramref name="rows"/> x <paramref name="columns"/>.</param>
    /// <param name="y">The output of <see cref="Run"/>.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="dx">The gradient with respect to the input; may be <paramref name="g"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Backward(Storage g, Storage y, int rows, int columns, Storage dx) =>
        Run<HostSoftmax.SoftmaxBackwardRow, SoftmaxBackwardFormula>(
            "Softmax.Backward", rows, columns, (nameof(g), g), (nameof(y), y), (nameof(dx), dx));

    /// <summary>The derivative of <see cref="Log"/>: dx[i, j] = g[i, j] - exp(y[i, j]) sum over k of g[i, k].</summary>
    /// <param name="g">The gradient with respect to the output, <paramref name="rows"/> x <paramref name="columns"/>.</param>
    /// <param name="y">The output of <see cref="Log"/>.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="dx">The gradient with respect to the input; may be <paramref name="g"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void LogBackward(Storage g, Storage y, int rows, int columns, Storage dx) =>
        Run<HostSoftmax.LogSoftmaxBackwardRow, LogSoftmaxBackwardFormula>(
            "Softmax.LogBackward", rows, columns, (nameof(g), g), (nameof(y), y), (nameof(dx), dx));

    private static void Run<TRow, TFormula>(
        string operation, int rows, int columns, (string Name, Storage Storage) a, (string Name, Storage Storage) b,
        (string Name, Storage Storage) output)
        where TRow : struct, IRowOperation
        where TFormula : unmanaged, IRowFormula
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        long count = (long)rows * columns;
        Device device = Arguments.Floating(
            operation, (a.Name, a.Storage, count), (b.Name, b.Storage, count), (output.Name, output.Storage, count));
        if (count == 0) return;
        LaneDispatch.Run(
            device, a.Storage.DType, new HostSoftmax.Pass<TRow>(rows, columns, a.Storage, b.Storage, output.Storage),
            new GpuSoftmax.Pass<TFormula>(rows, columns, a.Storage, b.Storage, output.Storage));
    }
}
