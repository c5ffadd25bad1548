using Engine.Kernels.Reductions.Gpu;

namespace Engine.Kernels.Rows.Gpu;

/// <summary>
/// An operation on rows as its GPU kernels take it: each element is a function of its own inputs, the maximum of the first input's row, and
/// the sum of one term for each element of the row.
/// </summary>
internal interface IRowFormula
{
    /// <summary>Whether the maximum is wanted; otherwise it is 0. With it, there is no second input.</summary>
    static abstract bool TakesMaximum { get; }

    /// <summary>What is added up over the row.</summary>
    V Term<V>(V a, V b, V maximum) where V : unmanaged, ILane<V>;

    /// <summary>An element of the output.</summary>
    V Element<V>(V a, V b, V maximum, V sum) where V : unmanaged, ILane<V>;
}

/// <summary>exp(x - max x) / sum(exp(x - max x))</summary>
internal readonly struct SoftmaxFormula : IRowFormula
{
    public static bool TakesMaximum => true;
    public V Term<V>(V x, V unused, V maximum) where V : unmanaged, ILane<V> => LaneMath.Exp(x - maximum);
    public V Element<V>(V x, V unused, V maximum, V sum) where V : unmanaged, ILane<V> => LaneMath.Exp(x - maximum) / sum;
}

/// <summary>(x - max x) - log(sum(exp(x - max x)))</summary>
internal readonly struct LogSoftmaxFormula : IRowFormula
{
    public static bool TakesMaximum => true;
    public V Term<V>(V x, V unused, V maximum) where V : unmanaged, ILane<V> => LaneMath.Exp(x - maximum);
    public V Element<V>(V x, V unused, V maximum, V sum) where V : unmanaged, ILane<V> => (x - maximum) - LaneMath.Log(sum);
}

/// <summary>y (g - sum(g y))</summary>
internal readonly struct SoftmaxBackwardFormula : IRowFormula
{
    public static bool TakesMaximum => false;
    public V Term<V>(V g, V y, V unused) where V : unmanaged, ILane<V> => g * y;
    public V Element<V>(V g, V y, V unused, V sum) where V : unmanaged, ILane<V> => y * (g - sum);
}

/// <summary>g - exp(y) sum(g)</summary>
internal readonly struct LogSoftmaxBackwardFormula : IRowFormula
{
    public static bool TakesMaximum => false;
    public V Term<V>(V g, V y, V unused) where V : unmanaged, ILane<V> => g;
    public V Element<V>(V g, V y, V unused, V sum) where V : unmanaged, ILane<V> => g - (LaneMath.Exp(y) * sum);
}

/// <summary>Softmax, log-softmax and their derivatives as GPU kernels.</summary>
/// <remarks>
/// A softmax reads a row for its maximum, for the sum, and for the elements. Only the first of these goes to memory: a row of up to some
/// 4000 elements, times the eight groups that a multiprocessor runs at a time, stays in its first-level cache, longer ones in the
/// second-level cache. So what a row costs is a read and a write of each element, 16 bytes at a time.
/// </remarks>
internal static class GpuSoftmax
{
    internal readonly record struct Pass<TOp>(int Rows, int Columns, Storage A, Storage B, Storage Output)
        : IScalarWork
        where TOp : unmanaged, IRowFormula
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            RowLaunch launch = new(device, Rows, Columns);
            device.Launcher(
                launch.Choose(RowKernel<TLane, TOp, OneThread>, RowKernel<TLane, TOp, OneWarp>, RowKernel<TLane, TOp, OneGroup>),
                static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                launch.Config, Rows, Columns, ViewOf<TLane>(A), ViewOf<TLane>(B), ViewOf<TLane>(Output),
                default);
        }
    }

    /// <summary>
    /// One team computes one row: each thread its share of the maximum, the sum and the elements. An element is read last by the thread
    /// that writes it, so that the output may be an input.
    /// </summary>
    private static void RowKernel<TLane, TOp, TTeam>(
        int rows, int columns, ArrayView<TLane> a, ArrayView<TLane> b, ArrayView<TLane> output, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IRowFormula
        where TTeam : unmanaged, IRowTeam
    {
        int row = TTeam.Row;
        if (row >= rows) return;
        int start = row * columns, first = 4 * TTeam.Thread, step = 4 * TTeam.Size;
        bool isWide = (columns & 3) == 0;

        // What stands past the end of a row: nothing is larger than it, and its term is 0.
        TLane padding = TLane.Of(TOp.TakesMaximum ? double.NegativeInfinity : 0), maximum = padding;
        if (TOp.TakesMaximum)
        {
            for (int i = first; i < columns; i += step)
            {
                Four<TLane> x = Fours.Load(a, start + i, columns - i, isWide, padding);
                maximum = TLane.Max(maximum, TLane.Max(TLane.Max(x.X, x.Y), TLane.Max(x.Z, x.W)));
            }

            maximum = TTeam.Total(maximum, default(MaxReduction));
        }

        TLane sum = TLane.Of(0);
        for (int i = first; i < columns; i += step)
        {
            Four<TLane> x = Fours.Load(a, start + i, columns - i, isWide, padding),
                y = Second<TLane, TOp>(b, start + i, columns - i, isWide);
            sum += op.Term(x.X, y.X, maximum) + op.Term(x.Y, y.Y, maximum) + (op.Term(x.Z, y.Z, maximum) + op.Term(x.W, y.W, maximum));
        }

        sum = TTeam.Total(sum, default(SumReduction));
        for (int i = first; i < columns; i += step)
        {
            Four<TLane> x = Fours.Load(a, start + i, columns - i, isWide, padding),
                y = Second<TLane, TOp>(b, start + i, columns - i, isWide);
            Fours.Store(output, start + i, columns - i, isWide, new Four<TLane>(
                op.Element(x.X, y.X, maximum, sum), op.Element(x.Y, y.Y, maximum, sum), op.Element(x.Z, y.Z, maximum, sum),
                op.Element(x.W, y.W, maximum, sum)));
        }
    }

    // Formulas with a maximum have one argument.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<TLane> Second<TLane, TOp>(ArrayView<TLane> b, int at, int left, bool isWide)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IRowFormula => TOp.TakesMaximum ? default : Fours.Load(b, at, left, isWide, TLane.Of(0));
}
