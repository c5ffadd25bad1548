using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;

namespace Engine.Autograd;

// Comparisons have no gradient: their results are constants of a graph. A choice hands the gradient to what was chosen.
public partial class Tensor
{
    /// <summary>1 where this is less than another tensor, 0 elsewhere and where either is NaN; broadcasting. Carries no gradient.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ or are Int32.</exception>
    public Tensor Less(Tensor other) => Compared(nameof(Less), other, default(IsLess));

    /// <summary>1 where this is less than a constant, 0 elsewhere and at NaN. Carries no gradient.</summary>
    public Tensor Less(double other) => Less(Constant(nameof(Less), other));

    /// <summary>1 where this is at most another tensor, 0 elsewhere and where either is NaN; broadcasting. Carries no gradient.</summary>
    /// <inheritdoc cref="Less(Tensor)"/>
    public Tensor LessOrEqual(Tensor other) => Compared(nameof(LessOrEqual), other, default(IsLessOrEqual));

    /// <summary>1 where this is at most a constant, 0 elsewhere and at NaN. Carries no gradient.</summary>
    public Tensor LessOrEqual(double other) => LessOrEqual(Constant(nameof(LessOrEqual), other));

    /// <summary>
    /// 1 where this is greater than another tensor, 0 elsewhere and where either is NaN; broadcasting. Carries no gradient.
    /// </summary>
    /// <inheritdoc cref="Less(Tensor)"/>
    public Tensor Greater(Tensor other) => other.Compared(nameof(Greater), this, default(IsLess));

    /// <summary>1 where this is greater than a constant, 0 elsewhere and at NaN. Carries no gradient.</summary>
    public Tensor Greater(double other) => Greater(Constant(nameof(Greater), other));

    /// <summary>1 where this is at least another tensor, 0 elsewhere and where either is NaN; broadcasting. Carries no gradient.</summary>
    /// <inheritdoc cref="Less(Tensor)"/>
    public Tensor GreaterOrEqual(Tensor other) => other.Compared(nameof(GreaterOrEqual), this, default(IsLessOrEqual));

    /// <summary>1 where this is at least a constant, 0 elsewhere and at NaN. Carries no gradient.</summary>
    public Tensor GreaterOrEqual(double other) => GreaterOrEqual(Constant(nameof(GreaterOrEqual), other));

    /// <summary>1 where this equals another tensor, 0 elsewhere and where either is NaN; broadcasting. Carries no gradient.</summary>
    /// <inheritdoc cref="Less(Tensor)"/>
    public Tensor Equal(Tensor other) => Compared(nameof(Equal), other, default(IsEqual));

    /// <summary>1 where this equals a constant, 0 elsewhere and at NaN. Carries no gradient.</summary>
    public Tensor Equal(double other) => Equal(Constant(nameof(Equal), other));

    /// <summary>0 where this equals another tensor, 1 elsewhere and where either is NaN; broadcasting. Carries no gradient.</summary>
    /// <inheritdoc cref="Less(Tensor)"/>
    public Tensor NotEqual(Tensor other) => Compared(nameof(NotEqual), other, default(IsDifferent));

    /// <summary>0 where this equals a constant, 1 elsewhere and at NaN. Carries no gradient.</summary>
    public Tensor NotEqual(double other) => NotEqual(Constant(nameof(NotEqual), other));

    /// <summary>
    /// Elements of one tensor where a condition is not 0, and of another where it is 0; all three broadcast. It chooses and does not
    /// multiply: what is infinite or NaN where it was not chosen stays out of the result, and the gradient of what was not chosen is 0.
    /// </summary>
    /// <param name="condition">What decides, as a comparison computes it; it has no gradient.</param>
    /// <param name="then">What is taken where the condition is not 0.</param>
    /// <param name="otherwise">What is taken where it is 0.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ or are Int32.</exception>
    public static Tensor Where(Tensor condition, Tensor then, Tensor otherwise)
    {
        Tape tape = Autograd.Tape.OpenFloating(nameof(Where), condition, then, otherwise);
        if (!Shape.TryBroadcast(then.Shape, otherwise.Shape, out Shape shape)
            || !Shape.TryBroadcast(condition.Shape, shape, out shape)) throw new ArgumentException(
                $"Where: expected shapes that broadcast, found {condition.Shape}, {then.Shape} and {otherwise.Shape}.");
        Tensor y = tape.NewTensor(shape, then.DType);
        Kernels.Mapping.Map.Ternary(
            condition.Storage, condition.Shape, then.Storage, then.Shape, otherwise.Storage, otherwise.Shape, y.Storage, shape,
            default(Select));
        tape.Trace?.Add(nameof(Where), y, [condition, then, otherwise]);
        return tape.Record(
            nameof(Where), y,
            new Rule(then, g => Where(condition, g, Zeros([], g.DType, g.Device)).SumTo(then.Shape)),
            new Rule(otherwise, g => Where(condition, Zeros([], g.DType, g.Device), g).SumTo(otherwise.Shape)));
    }

    /// <summary>
    /// A 1 at the place that each int32 index of this tensor names, and 0 elsewhere: shape [indices..., classes]. An index that is no
    /// class gives zeros. Carries no gradient.
    /// </summary>
    /// <param name="classes">The number of classes, from 1 to 2^24.</param>
    /// <param name="dtype">The type of the result, float32 or float64.</param>
    /// <exception cref="ArgumentException">The tensor is not Int32, or the type is.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of classes is out of range.</exception>
    public Tensor OneHot(int classes, DType dtype = DType.Float32)
    {
        Autograd.Tape.Open(nameof(OneHot), this);
        if (DType != DType.Int32) throw new ArgumentException($"OneHot: expected indices of Int32, found {DType} {Shape}.");
        if (dtype is not (DType.Float32 or DType.Float64)) throw new ArgumentException(
            $"OneHot: expected a result of {DType.Float32} or {DType.Float64}, found {dtype}.");

        // Up to there float32 holds every index.
        const int Largest = 1 << 24;
        if (classes is < 1 or > Largest) throw new ArgumentOutOfRangeException(
            nameof(classes), classes, $"OneHot: expected 1 to {Largest} classes, found {classes}.");
        Shape.Of(nameof(OneHot), [.. Shape.ToArray(), classes]);
        int[] each = [.. Enumerable.Range(0, classes)];
        return Cast(dtype).Reshape(new Shape([.. Shape.ToArray(), 1])).Equal(From(each, [classes], Device).Cast(dtype));
    }

    private Tensor Compared<TOp>(string operation, Tensor other, TOp op) where TOp : unmanaged, Kernels.Mapping.IBinaryOp
    {
        Autograd.Tape.OpenFloating(operation, this, other);
        if (!Shape.TryBroadcast(Shape, other.Shape, out _))
            throw Unbroadcast(operation, other);
        return Map(other, op);
    }

    /// <summary>A constant of this tensor's type, on its device.</summary>
    private Tensor Constant(string operation, double value)
    {
        Autograd.Tape.OpenFloating(operation, this);
        return Full([], value, DType, Device);
    }
}
