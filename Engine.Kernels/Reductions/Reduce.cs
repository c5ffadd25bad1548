using Engine.Kernels.Reductions.Gpu;
using Engine.Kernels.Reductions.Host;

namespace Engine.Kernels.Reductions;

/// <summary>
/// Reductions over any set of axes, of float or double. The output holds the axes that are left, in their order. Sums run in blocks, in
/// an order that depends on the shape alone: neither the number of threads nor the width of vectors changes a bit. Negative axes count from
/// the innermost, and none at all means all of them.
/// </summary>
public static class Reduce
{
    /// <summary>y = the sum of <paramref name="x"/> over some axes; 0 where there is nothing to add.</summary>
    /// <param name="x">The input, of shape <paramref name="shape"/>.</param>
    /// <param name="shape">The shape of <paramref name="x"/>.</param>
    /// <param name="axes">The axes to sum over; none means all.</param>
    /// <param name="y">The output: one element for each position along the other axes.</param>
    /// <exception cref="ArgumentException">An axis is named twice, or devices, types or lengths do not match.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public static void Sum(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y)
    {
        ReducePlan plan = Check("Reduce.Sum", x, shape, axes, y, emptyIsZero: true);
        Pass(default(SumReduction), plan, x, null, y);
    }

    /// <summary>
    /// y = the mean of <paramref name="x"/> over some axes: <see cref="Sum"/> divided by the number of terms, right for any finite terms
    /// even where their sum is infinite.
    /// </summary>
    /// <inheritdoc cref="Sum"/>
    /// <exception cref="ArgumentException">There is nothing to take the mean of, an axis is named twice, or devices, types or lengths do
    /// not match.</exception>
    public static void Mean(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y)
    {
        ReducePlan plan = Check("Reduce.Mean", x, shape, axes, y);
        MeanPass(plan, x, y);
    }

    /// <summary>y = the largest element of <paramref name="x"/> over some axes; NaN where there is one.</summary>
    /// <inheritdoc cref="Mean"/>
    public static void Max(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y)
    {
        ReducePlan plan = Check("Reduce.Max", x, shape, axes, y);
        Pass(default(MaxReduction), plan, x, null, y);
    }

    /// <summary>y = the smallest element of <paramref name="x"/> over some axes; NaN where there is one.</summary>
    /// <inheritdoc cref="Mean"/>
    public static void Min(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y)
    {
        ReducePlan plan = Check("Reduce.Min", x, shape, axes, y);
        Pass(default(MinReduction), plan, x, null, y);
    }

    /// <summary>
    /// y = log(sum(exp(x))) over some axes, computed as m + log(sum(exp(x - m))) with the maximum m, so that nothing overflows.
    /// </summary>
    /// <inheritdoc cref="Mean"/>
    public static void LogSumExp(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y)
    {
        ReducePlan plan = Check("Reduce.LogSumExp", x, shape, axes, y);
        // The maximum waits in y until the sum is there: each output reads its own and then replaces it.
        Pass(default(MaxReduction), plan, x, null, y);
        Pass(default(LogSumExpReduction), plan, x, y, y);
    }

    /// <summary>
    /// The mean and the population variance (divided by the number of terms) over some axes, in two passes: the second adds up
    /// squared distances from the mean that the first has found, so that a large mean does not cancel the variance away. Where the mean is
    /// so large beside the variance that its rounding counts, and where squares overflow, the variance is computed once more.
    /// </summary>
    /// <param name="x">The input, of shape <paramref name="shape"/>.</param>
    /// <param name="shape">The shape of <paramref name="x"/>.</param>
    /// <param name="axes">The axes to reduce; none means all.</param>
    /// <param name="mean">The means: one element for each position along the other axes.</param>
    /// <param name="variance">The variances, as many.</param>
    /// <exception cref="ArgumentException">There is nothing to take the mean of, an axis is named twice, or devices, types or lengths do
    /// not match.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public static void Moments(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage mean, Storage variance)
    {
        const string Operation = "Reduce.Moments";
        ReducePlan plan = Check(Operation, x, shape, axes, mean);
        Arguments.OneDevice(Operation, x, variance);
        Arguments.OneType(Operation, x, variance);
        Arguments.Length(Operation, nameof(variance), variance, mean.Length);
        if (ReferenceEquals(x, variance) || ReferenceEquals(mean, variance))
            throw new ArgumentException($"{Operation}: the variance needs a storage of its own.");
        if (plan.Outputs == 0) return;
        if (x.Device is CpuDevice cpu)
        {
            // A mean whose sum has overflowed leaves a variance that is no number, so one look at the end finds both.
            Pass(new MeanReduction(plan.Terms), plan, x, null, mean);
            Pass(new VarianceReduction(plan.Terms), plan, x, mean, variance);
            ExtremeOutputs.CorrectMoments(cpu, plan, x, mean, variance);
            return;
        }

        MeanPass(plan, x, mean);
        Pass(new VarianceReduction(plan.Terms), plan, x, mean, variance);
        if (!x.Device.IsMeasuring) LaneDispatch.OnGpu(
            (GpuDevice)x.Device, x.DType, new GpuVarianceCorrection.Work(plan, x, mean, variance));
    }

    /// <summary>
    /// y = the position of the largest element along one axis; of several equal ones the first. A NaN counts as larger than everything.
    /// </summary>
    /// <param name="x">The input, of shape <paramref name="shape"/>.</param>
    /// <param name="shape">The shape of <paramref name="x"/>.</param>
    /// <param name="axis">The axis to search along; a negative one counts from the innermost.</param>
    /// <param name="y">The output, int32: one element for each position along the other axes.</param>
    /// <exception cref="ArgumentException">The axis has extent 0, or devices, types or lengths do not match.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public static void ArgMax(Storage x, Shape shape, int axis, Storage y)
    {
        const string Operation = "Reduce.ArgMax";
        Device device = Arguments.OneDevice(Operation, x, y);
        Arguments.Floating(Operation, nameof(x), x);
        if (y.DType != DType.Int32) throw new ArgumentException($"{Operation}: y must be {DType.Int32}, found {y.DType}.");
        y.ForgetRange();
        Arguments.Length(Operation, nameof(x), x, shape.Count);
        axis = shape.Axis(axis);
        int outer = 1;
        int inner = 1;
        for (int i = 0; i < axis; i++) outer *= shape[i];
        for (int i = axis + 1; i < shape.Rank; i++) inner *= shape[i];
        Arguments.Length(Operation, nameof(y), y, (long)outer * inner);
        if (y.Length == 0) return;
        if (shape[axis] == 0) throw new ArgumentException(
            $"{Operation}: expected elements to choose from along axis {axis}, found shape {shape}.");
        y.LimitRange(shape[axis]);
        if (device is CpuDevice cpu) LaneDispatch.OnHost(cpu, x.DType, new HostReduce.ArgMax(x, outer, shape[axis], inner, y));
        else if (!device.IsMeasuring) GpuArgMax.Run((GpuDevice)device, x, shape[axis], inner, y);
    }

    /// <summary>
    /// The means. The host looks at them for sums that have overflowed; on a GPU, where looking would be a launch of its own, terms are
    /// always multiplied by a power of two.
    /// </summary>
    private static void MeanPass(in ReducePlan plan, Storage x, Storage y)
    {
        if (x.Device is CpuDevice cpu)
        {
            Pass(new MeanReduction(plan.Terms), plan, x, null, y);
            ExtremeOutputs.CorrectMeans(cpu, plan, x, y);
        }
        else
        {
            Pass(new ScaledMeanReduction(plan.Terms), plan, x, null, y);
        }
    }

    /// <summary>One pass over x.</summary>
    private static void Pass<TOp>(TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y) where TOp : unmanaged, IReduction
    {
        if (plan.Outputs == 0) return;
        LaneDispatch.Run(
            x.Device, x.DType, new HostReduce.Pass<TOp>(op, plan, x, center, y), new GpuReduce.Pass<TOp>(op, plan, x, center, y));
    }

    private static ReducePlan Check(string operation, Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y, bool emptyIsZero = false)
    {
        Arguments.OneDevice(operation, x, y);
        Arguments.OneType(operation, x, y);
        Arguments.Floating(operation, nameof(x), x);
        Arguments.Length(operation, nameof(x), x, shape.Count);
        int reduced = axes.IsEmpty ? (1 << shape.Rank) - 1 : 0;
        foreach (int axis in axes)
        {
            int bit = 1 << shape.Axis(axis);
            if ((reduced & bit) != 0) throw new ArgumentException(
                $"{operation}: expected each axis of {shape} at most once, found [{string.Join(", ", axes.ToArray())}].");
            reduced |= bit;
        }

        ReducePlan plan = new(shape, reduced);
        Arguments.Length(operation, nameof(y), y, plan.Outputs);
        if (ReferenceEquals(x, y)) throw new ArgumentException($"{operation}: the output must not be the input.");
        if (plan.Terms == 0 && plan.Outputs > 0 && !emptyIsZero)
            throw new ArgumentException(
                $"{operation}: expected elements to reduce for each of the {plan.Outputs} outputs, found shape {shape}.");
        return plan;
    }
}
