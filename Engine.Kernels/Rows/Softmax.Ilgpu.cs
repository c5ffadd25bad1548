using System.Runtime.CompilerServices;
using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using Engine.Kernels.Reductions;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Rows;

// A softmax reads a row for its maximum, for the sum, and for the elements. Only the first of these goes to memory: a row of up to some
// 4000 numbers, times the eight groups that a multiprocessor has at a time, stays in its first-level cache, longer ones in the second-level
// cache. So what a row costs is a read and a write of each number, 16 bytes at a time.
public static partial class Softmax
{
    private static void RunIlgpu<TOp>(GpuDevice device, TOp op, int rows, int columns, Storage a, Storage b, Storage output)
        where TOp : unmanaged, IRowFormula
    {
        if (a.DType == DType.Float32) RunIlgpu<FloatScalar, TOp>(device, op, rows, columns, a, b, output);
        else RunIlgpu<DoubleScalar, TOp>(device, op, rows, columns, a, b, output);
    }

    private static void RunIlgpu<TLane, TOp>(GpuDevice device, TOp op, int rows, int columns, Storage a, Storage b, Storage output)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IRowFormula
    {
        RowLaunch launch = new(device, rows, columns);
        Action<int, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> kernel = launch.IsThread
            ? RowKernel<TLane, TOp, OneThread>
            : launch.IsWarp ? RowKernel<TLane, TOp, OneWarp> : RowKernel<TLane, TOp, OneGroup>;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
            launch.Config, rows, columns, GpuStorage.ViewOf<TLane>(a), GpuStorage.ViewOf<TLane>(b),
            GpuStorage.ViewOf<TLane>(output), op);
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
