using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Mapping;
using Engine.Kernels.Reductions;

namespace Engine.Autograd;

// Reductions over axes; no axis named means all. The order of a sum does not depend on the number of threads.
public partial class Tensor
{
    private delegate void ReduceKernel(Storage x, Shape shape, ReadOnlySpan<int> axes, Storage y);

    /// <summary>The sum over axes, which are left out of the shape; over all elements when none is named.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public Tensor Sum(params ReadOnlySpan<int> axes) =>
        Reduced(nameof(Sum), axes, Kernels.Reductions.Reduce.Sum, static (g, x, _, kept) => g.Reshape(kept).BroadcastTo(x.Shape));

    /// <summary>The mean over axes, which are left out of the shape; over all elements when none is named.</summary>
    /// <exception cref="ArgumentException">There is no element to average.</exception>
    public Tensor Mean(params ReadOnlySpan<int> axes) =>
        Reduced(nameof(Mean), axes, Kernels.Reductions.Reduce.Mean,
            static (g, x, _, kept) => (g / ((double)x.Count / kept.Count)).Reshape(kept).BroadcastTo(x.Shape));

    /// <summary>
    /// The largest element over axes, NaN where there is one. Equal largest elements share the gradient, and so do the NaNs of a row that
    /// has any.
    /// </summary>
    /// <exception cref="ArgumentException">There is no element.</exception>
    public Tensor Max(params ReadOnlySpan<int> axes) => Reduced(nameof(Max), axes, Kernels.Reductions.Reduce.Max, Extreme);

    /// <summary>
    /// The smallest element over axes, NaN where there is one. Equal smallest elements share the gradient, and so do the NaNs of a row that
    /// has any.
    /// </summary>
    /// <exception cref="ArgumentException">There is no element.</exception>
    public Tensor Min(params ReadOnlySpan<int> axes) => Reduced(nameof(Min), axes, Kernels.Reductions.Reduce.Min, Extreme);

    /// <summary>
    /// log(sum(e^x)) over axes, without overflow. Where that is infinite, the elements that are so too share the gradient, as equal
    /// elements of a maximum do.
    /// </summary>
    /// <exception cref="ArgumentException">There is no element.</exception>
    public Tensor LogSumExp(params ReadOnlySpan<int> axes) =>
        Reduced(nameof(LogSumExp), axes, Kernels.Reductions.Reduce.LogSumExp,
            static (g, x, y, kept) =>
            {
                Tensor shares = LogSumExpShares(x, y.Reshape(kept));
                Tensor total = shares.Detach().SumTo(kept);
                return g.Reshape(kept) / y.Reshape(kept).Map(total, default(ShareDivisor)) * shares;
            });

    /// <summary>The population variance over axes: the mean squared distance from the mean.</summary>
    /// <exception cref="ArgumentException">There is no element.</exception>
    public Tensor Variance(params ReadOnlySpan<int> axes)
    {
        Shape reduced = ReducedShape(nameof(Variance), axes, keepAxes: false);
        Shape kept = ReducedShape(nameof(Variance), axes, keepAxes: true);
        if (Count == 0 && reduced.Count > 0) throw new ArgumentException(
            $"Variance: expected elements for each of the {reduced.Count} results, found shape {Shape}.");
        Tape tape = Autograd.Tape.OpenFloating(nameof(Variance), this);
        Tensor mean = tape.NewTensor(reduced, DType);
        Tensor y = tape.NewTensor(reduced, DType);
        Kernels.Reductions.Reduce.Moments(Storage, Shape, axes, mean.Storage, y.Storage);
        int[] over = axes.ToArray();
        tape.Trace?.Add(nameof(Variance), y, [this], over);
        double scale = 2.0 * reduced.Count / Math.Max(1, Count);

        // d/dx_i of mean((x - m)²) is 2 (x_i - m) / n: what m itself changes adds up to nothing. The mean is taken away twice, for it was
        // rounded.
        return tape.Record(nameof(Variance), y, new Rule(this, g =>
        {
            Tensor d = this - Mean(over).Reshape(kept);
            return g.Reshape(kept) * scale * (d - d.Mean(over).Reshape(kept));
        }));
    }

    /// <summary>
    /// The Euclidean norm sqrt(sum(x²)) over axes, over all elements when none is named: without overflow or underflow of the squares. Its
    /// gradient x / norm is 0 where the norm is 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    /// <exception cref="ArgumentException">There is no element, or the elements are Int32.</exception>
    public Tensor Norm(params ReadOnlySpan<int> axes)
    {
        Shape kept = ReducedShape(nameof(Norm), axes, keepAxes: true), reduced = ReducedShape(nameof(Norm), axes, keepAxes: false);
        Tape tape = Autograd.Tape.OpenFloating(nameof(Norm), this);
        if (Count == 0 && reduced.Count > 0) throw new ArgumentException($"Norm: expected elements to measure, found shape {Shape}.");
        Tensor largest = tape.NewTensor(kept, DType), sum = tape.NewTensor(kept, DType);
        Kernels.Reductions.Reduce.Max(Map(default(Abs)).Storage, Shape, axes, largest.Storage);

        // norm = s sqrt(sum((x / s)²)), s the largest magnitude
        Tensor scale = largest.Map(default(NormScale));
        Kernels.Reductions.Reduce.Sum(Map(scale, default(Divide)).Map(default(Square)).Storage, Shape, axes, sum.Storage);
        Tensor norm = tape.NewTensor(reduced, DType);
        Kernels.Mapping.Map.Binary(
            sum.Map(default(Sqrt)).Storage, reduced, scale.Storage, reduced, norm.Storage, reduced, default(Multiply));
        tape.Trace?.Add(nameof(Norm), norm, [this], axes.ToArray());
        return tape.Record(nameof(Norm), norm, new Rule(this, g =>
        {
            Tensor divisor = norm.Reshape(kept), isZero = divisor.Equal(0), none = Zeros([], DType, Device);
            Tensor direction = Where(isZero, none, this / Where(isZero, Ones([], DType, Device), divisor));
            return g.Reshape(kept) * direction;
        }));
    }

    /// <summary>
    /// Sums from the start of an axis up to each place of it. Added up by doubling: each element is a sum of as few as log2(extent) rounded
    /// partial sums, in an order that depends on the extent alone.
    /// </summary>
    /// <param name="axis">The axis.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    /// <exception cref="ArgumentException">The elements are Int32.</exception>
    public Tensor CumSum(int axis)
    {
        Autograd.Tape.OpenFloating(nameof(CumSum), this);
        axis = Axis(nameof(CumSum), axis);
        Tensor y = this;

        // After a step, an element is the sum of the last 2 reach elements up to its place.
        for (int reach = 1; reach < Shape[axis]; reach *= 2)
            y += y.Slice(axis, 0, Shape[axis] - reach).Pad(axis, reach, 0);
        return ReferenceEquals(y, this) ? y + 0 : y;
    }

    /// <summary>
    /// The place of the largest element along an axis, int32; the first one where several are equal. Carries no gradient.
    /// </summary>
    public Tensor ArgMax(int axis)
    {
        Tape tape = Autograd.Tape.Open(nameof(ArgMax), this);
        Tensor y = tape.NewTensor(ReducedShape(nameof(ArgMax), [axis], keepAxes: false), DType.Int32);
        Kernels.Reductions.Reduce.ArgMax(Storage, Shape, axis, y.Storage);
        tape.Trace?.Add(nameof(ArgMax), y, [this], axis);
        return y;
    }

    /// <summary>Summed over the axes along which a shape was broadcast to this one: the gradient of broadcasting.</summary>
    /// <exception cref="ArgumentException">The shape does not broadcast to this one.</exception>
    public Tensor SumTo(Shape shape)
    {
        if (shape == Shape) return this;
        CheckShape(nameof(SumTo), shape);
        Autograd.Tape.OpenFloating(nameof(SumTo), this);
        if (!Shape.TryBroadcast(shape, Shape, out Shape both) || both != Shape) throw new ArgumentException(
            $"SumTo: expected a shape that broadcasts to {Shape}, found {shape}.");
        Span<int> axes = stackalloc int[Shape.MaxRank];
        int count = 0;
        for (int i = 0; i < Shape.Rank; i++)
        {
            int own = i - (Shape.Rank - shape.Rank);
            if (Shape[i] != 1 && (own < 0 || shape[own] == 1)) axes[count++] = i;
        }

        return (count == 0 ? this : Sum(axes[..count])).Reshape(shape);
    }

    private static Tensor Extreme(Tensor g, Tensor x, Tensor y, Shape kept)
    {
        // 1 at the extreme, 0 elsewhere. Ties share equally.
        Tensor at = x.Map(y.Reshape(kept), default(Same));
        return (g.Reshape(kept) / at.SumTo(kept)).WeightedBy(at);
    }

    /// <summary>e^(x - y) for y = log(sum(e^x)), or where y is infinite 1 for each element that is so too.</summary>
    private static Tensor LogSumExpShares(Tensor x, Tensor y)
    {
        Tensor shares = x.Map(y, default(ExponentialShare));
        return shares.Tape!.Record(
            nameof(ExponentialShare), shares, new Rule(x, g => g * LogSumExpShares(x, y)),
            new Rule(y, g => -(g * LogSumExpShares(x, y)).SumTo(y.Shape)));
    }

    private Tensor Reduced(string operation, ReadOnlySpan<int> axes, ReduceKernel kernel, Func<Tensor, Tensor, Tensor, Shape, Tensor> rule)
    {
        Tensor x = this;
        Shape kept = ReducedShape(operation, axes, keepAxes: true);
        Tape tape = Autograd.Tape.OpenFloating(operation, x);
        Tensor y = tape.NewTensor(ReducedShape(operation, axes, keepAxes: false), DType);
        kernel(Storage, Shape, axes, y.Storage);
        tape.Trace?.Add(operation, y, [this], axes.ToArray());
        return tape.Record(operation, y, new Rule(x, g => rule(g, x, y, kept)));
    }

    private Shape ReducedShape(string operation, ReadOnlySpan<int> axes, bool keepAxes)
    {
        Span<bool> isReduced = stackalloc bool[Shape.MaxRank];
        isReduced.Fill(axes.Length == 0);
        foreach (int axis in axes)
        {
            ref bool isNamed = ref isReduced[Axis(operation, axis)];
            if (isNamed) throw new ArgumentException(
                $"{operation}: expected each axis of shape {Shape} at most once, found [{string.Join(", ", axes.ToArray())}].");
            isNamed = true;
        }

        Span<int> extents = stackalloc int[Shape.MaxRank];
        int rank = 0;
        for (int i = 0; i < Shape.Rank; i++)
        {
            if (!isReduced[i]) extents[rank++] = Shape[i];
            else if (keepAxes) extents[rank++] = 1;
        }

        return new Shape(extents[..rank]);
    }
}
