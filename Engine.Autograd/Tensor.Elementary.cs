using Engine.Kernels.Elementwise;

namespace Engine.Autograd;

// Elementary functions, with their derivatives. In a rule g is the gradient of the output y, x the input.
public partial class Tensor
{
    /// <summary>e^x.</summary>
    public Tensor Exp() => Apply(default(Exp), default(Multiply), fromOutput: true, static (g, _, y) => g * y);

    /// <summary>The natural logarithm.</summary>
    public Tensor Log() => Apply(default(Log), default(Divide), fromOutput: false, static (g, x, _) => g / x);

    /// <summary>The square root; its derivative at 0 is infinite.</summary>
    public Tensor Sqrt() => Apply(default(Sqrt), static (g, _, y) => g / (2 * y));

    /// <summary>x².</summary>
    public Tensor Square() => Apply(default(Square), static (g, x, _) => 2 * g * x);

    /// <summary>
    /// x to a constant power, for x > 0 (any power), or any x where the power is -1, 0, 1, 2 or 3. Powers other than these and 1/2, -1/2
    /// are e^(exponent log x): their error is 4 ULP while |exponent log x| is at most 3.5, and grows with it.
    /// </summary>
    /// <param name="exponent">The power.</param>
    public Tensor Pow(double exponent) => exponent switch
    {
        0 => Affine(0, 1),
        1 => Affine(1, 0),
        2 => Square(),
        3 => Square() * this,
        -1 => 1 / this,
        0.5 => Sqrt(),
        -0.5 => 1 / Sqrt(),
        _ => (exponent * Log()).Exp(),
    };

    /// <summary>|x|; the derivative at 0 is 0.</summary>
    public Tensor Abs() => Apply(default(Abs), static (g, x, _) => g * x.Map(default(Sign)));

    /// <summary>x, held between two constants; no gradient flows where it was held.</summary>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The largest value.</param>
    /// <exception cref="ArgumentException"><paramref name="low"/> is above <paramref name="high"/>.</exception>
    public Tensor Clamp(double low, double high)
    {
        if (!(low <= high)) throw new ArgumentException($"Clamp: the lower bound {low} must not be above the upper bound {high}.");
        return Apply(new Clamp(low, high), (g, x, _) => g * Ones(x.Shape, x.DType).Map(x, new ClampGradient(low, high)));
    }

    /// <summary>sin x, x in radians.</summary>
    public Tensor Sin() => Apply(default(Sin), static (g, x, _) => g * x.Cos());

    /// <summary>cos x, x in radians.</summary>
    public Tensor Cos() => Apply(default(Cos), static (g, x, _) => -(g * x.Sin()));

    /// <summary>The error function.</summary>
    public Tensor Erf() => Apply(default(Erf), static (g, x, _) => 2 / Math.Sqrt(Math.PI) * g * (-x.Square()).Exp());

    /// <summary>tanh x.</summary>
    public Tensor Tanh() => Apply(default(Tanh), default(TanhGradient), fromOutput: true, static (g, _, y) => g * (1 - y.Square()));

    /// <summary>1 / (1 + e^-x).</summary>
    public Tensor Sigmoid() => Apply(default(Sigmoid), default(SigmoidGradient), fromOutput: true, static (g, _, y) => g * y * (1 - y));

    /// <summary>log(1 + e^x).</summary>
    public Tensor Softplus() => Apply(default(Softplus), default(SoftplusGradient), fromOutput: false, static (g, x, _) => g * x.Sigmoid());

    /// <summary>max(x, 0); the derivative at 0 is 0.</summary>
    public Tensor Relu()
    {
        LeakyReluGradient fused = new(0);
        return Apply(default(Relu), fused, fromOutput: false, (g, x, _) => g * Ones(x.Shape, x.DType).Map(x, fused));
    }

    /// <summary>x where x >= 0, slope x elsewhere; the derivative at 0 is the slope.</summary>
    /// <param name="slope">The factor on the negative side, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slope is negative.</exception>
    public Tensor LeakyRelu(double slope)
    {
        if (!(slope >= 0)) throw new ArgumentOutOfRangeException(nameof(slope), slope, "LeakyRelu: the slope must be at least 0.");
        LeakyReluGradient fused = new(slope);
        return Apply(new LeakyRelu(slope), fused, fromOutput: false, (g, x, _) => g * Ones(x.Shape, x.DType).Map(x, fused));
    }
}
