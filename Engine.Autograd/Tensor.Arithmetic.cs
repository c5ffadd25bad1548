using Engine.Autograd.Rules;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Mapping;

namespace Engine.Autograd;

// Arithmetic with broadcasting: g is the gradient of the result z, and a rule may leave its gradient in the shape of z, which is then
// summed to the shape of the argument.
public partial class Tensor
{
    /// <summary>x + y, broadcasting.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor operator +(Tensor left, Tensor right) =>
        left.Apply(right, default(Add), static (g, _, _, _) => g, static (g, _, _, _) => g);

    /// <summary>x - y, broadcasting.</summary>
    /// <inheritdoc cref="operator +(Tensor, Tensor)"/>
    public static Tensor operator -(Tensor left, Tensor right) =>
        left.Apply(right, default(Subtract), static (g, _, _, _) => g, static (g, _, _, _) => -g);

    /// <summary>x y elementwise, broadcasting.</summary>
    /// <inheritdoc cref="operator +(Tensor, Tensor)"/>
    public static Tensor operator *(Tensor left, Tensor right) =>
        left.Apply(right, default(Multiply), static (g, _, y, _) => g * y, static (g, x, _, _) => g * x);

    /// <summary>x / y elementwise, broadcasting.</summary>
    /// <inheritdoc cref="operator +(Tensor, Tensor)"/>
    public static Tensor operator /(Tensor left, Tensor right) =>
        left.Apply(right, default(Divide), static (g, _, y, _) => g / y, static (g, _, y, z) => -(g * z / y));

    /// <summary>x + c.</summary>
    public static Tensor operator +(Tensor left, double right) => Named(nameof(Add), left).Affine(1, right);

    /// <summary>c + x.</summary>
    public static Tensor operator +(double left, Tensor right) => Named(nameof(Add), right).Affine(1, left);

    /// <summary>x - c.</summary>
    public static Tensor operator -(Tensor left, double right) => Named(nameof(Subtract), left).Affine(1, -right);

    /// <summary>c - x.</summary>
    public static Tensor operator -(double left, Tensor right) => Named(nameof(Subtract), right).Affine(-1, left);

    /// <summary>x c.</summary>
    public static Tensor operator *(Tensor left, double right) => Named(nameof(Multiply), left).Affine(right, 0);

    /// <summary>c x.</summary>
    public static Tensor operator *(double left, Tensor right) => Named(nameof(Multiply), right).Affine(left, 0);

    /// <summary>x / c, correctly rounded.</summary>
    public static Tensor operator /(Tensor left, double right) =>
        Named(nameof(Divide), left).Apply(new DivideBy(right), (g, _, _) => g / right);

    /// <summary>c / x.</summary>
    public static Tensor operator /(double left, Tensor right) =>
        Named(nameof(Divide), right).Apply(new Reciprocal(left), static (g, x, y) => -(g * y / x));

    /// <summary>-x.</summary>
    public static Tensor operator -(Tensor value) => Named("Negate", value).Affine(-1, 0);

    /// <summary>The larger of two tensors, elementwise, broadcasting. NaN where either is. Where they are equal, or both NaN,
    /// each takes half of the gradient; otherwise all of it goes to the larger one, or to the NaN.</summary>
    /// <inheritdoc cref="operator +(Tensor, Tensor)"/>
    public static Tensor Maximum(Tensor left, Tensor right) =>
        left.Apply(right, default(Maximum), static (g, x, y, _) => Share(g, x, y, default(MaximumGradient), default(LargerShare)),
            static (g, x, y, _) => Share(g, y, x, default(MaximumGradient), default(LargerShare)));

    /// <summary>The smaller of two tensors, elementwise, broadcasting. NaN where either is. Where they are equal, or both NaN,
    /// each takes half of the gradient; otherwise all of it goes to the smaller one, or to the NaN.</summary>
    /// <inheritdoc cref="operator +(Tensor, Tensor)"/>
    public static Tensor Minimum(Tensor left, Tensor right) =>
        left.Apply(right, default(Minimum), static (g, x, y, _) => Share(g, x, y, default(MinimumGradient), default(SmallerShare)),
            static (g, x, y, _) => Share(g, y, x, default(MinimumGradient), default(SmallerShare)));

    /// <summary>scale x + offset.</summary>
    public Tensor Affine(double scale, double offset) => Apply(new Affine(scale, offset), (g, _, _) => g.Affine(scale, 0));

    /// <summary>The argument of an operator, checked in the operator's name: the kernels behind it have others.</summary>
    private static Tensor Named(string operation, Tensor argument)
    {
        Autograd.Tape.OpenFloating(operation, argument);
        return argument;
    }

    /// <summary>
    /// The gradient of the first of two arguments, from that of the result and its share: in one pass where no graph is wanted.
    /// </summary>
    private static Tensor Share<TFused, TShare>(Tensor g, Tensor x, Tensor y, TFused fused, TShare share)
        where TFused : unmanaged, ITernaryOp
        where TShare : unmanaged, IBinaryOp
    {
        if (Autograd.Tape.IsRecordingNow) return g.WeightedBy(x.Map(y, share));
        Tensor result = Autograd.Tape.Open("Gradients").NewTensor(g.Shape, g.DType);
        Kernels.Mapping.Map.Ternary(g.Storage, g.Shape, x.Storage, x.Shape, y.Storage, y.Shape, result.Storage, g.Shape, fused);
        return result;
    }

    /// <summary>
    /// This tensor times constant factors, broadcasting, but 0 where a factor is 0: nothing flows there, not even infinity or NaN times 0.
    /// </summary>
    internal Tensor WeightedBy(Tensor factors)
    {
        Tensor result = Map(factors, default(Weighted));
        return result.Tape!.Record(nameof(Weighted), result, new Rule(this, g => g.WeightedBy(factors).SumTo(Shape)));
    }
}
