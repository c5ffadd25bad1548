using Engine.Kernels.Elementwise;

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
    public static Tensor operator +(Tensor left, double right) => left.Affine(1, right);

    /// <summary>c + x.</summary>
    public static Tensor operator +(double left, Tensor right) => right.Affine(1, left);

    /// <summary>x - c.</summary>
    public static Tensor operator -(Tensor left, double right) => left.Affine(1, -right);

    /// <summary>c - x.</summary>
    public static Tensor operator -(double left, Tensor right) => right.Affine(-1, left);

    /// <summary>x c.</summary>
    public static Tensor operator *(Tensor left, double right) => left.Affine(right, 0);

    /// <summary>c x.</summary>
    public static Tensor operator *(double left, Tensor right) => right.Affine(left, 0);

    /// <summary>x / c.</summary>
    public static Tensor operator /(Tensor left, double right) => left.Affine(1 / right, 0);

    /// <summary>c / x.</summary>
    public static Tensor operator /(double left, Tensor right) => right.Apply(new Reciprocal(left), static (g, x, y) => -(g * y / x));

    /// <summary>-x.</summary>
    public static Tensor operator -(Tensor value) => value.Affine(-1, 0);

    /// <summary>The larger of two tensors, elementwise, broadcasting. Where they are equal each takes half of the gradient.</summary>
    /// <inheritdoc cref="operator +(Tensor, Tensor)"/>
    public static Tensor Maximum(Tensor left, Tensor right) =>
        left.Apply(right, default(Maximum), static (g, x, y, _) => g * y.Map(x, default(Less)),
            static (g, x, y, _) => g * x.Map(y, default(Less)));

    /// <summary>The smaller of two tensors, elementwise, broadcasting. Where they are equal each takes half of the gradient.</summary>
    /// <inheritdoc cref="operator +(Tensor, Tensor)"/>
    public static Tensor Minimum(Tensor left, Tensor right) =>
        left.Apply(right, default(Minimum), static (g, x, y, _) => g * x.Map(y, default(Less)),
            static (g, x, y, _) => g * y.Map(x, default(Less)));

    /// <summary>scale x + offset.</summary>
    public Tensor Affine(double scale, double offset) => Apply(new Affine(scale, offset), (g, _, _) => g.Affine(scale, 0));
}
