using Engine.Autograd.Rules;
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
    /// x to a constant power, as IEEE 754 defines it: for any x where the power is a whole number, for x >= 0 where it is not; 1 where the
    /// power is 0, even for NaN. Whole powers from -32 to 32 are products, exact where the results are; square roots serve 1/2 and -1/2.
    /// Others are e^(exponent log |x|): their error is 4 ULP while |exponent log |x|| is at most 3.5, and grows with it. The derivative is
    /// exponent x^(exponent - 1), and so 0 at 0 for exponents above 1, 0 for the exponent 0 and infinite where it is.
    /// </summary>
    /// <param name="exponent">The power.</param>
    public Tensor Pow(double exponent)
    {
        Autograd.Tape.OpenFloating(nameof(Pow), this);
        if (exponent == 1) return this;
        if (exponent == 2) return Square();
        if (exponent == 3) return Square() * this;
        if (exponent == -1) return 1 / this;
        if (exponent == 0.5) return Apply(default(HalfPower), Derivative);
        if (exponent == -0.5) return 1 / Pow(0.5);
        bool isProduct = Math.Abs(exponent) <= MaxProduct && Math.Floor(exponent) == exponent && exponent != 0;
        if (isProduct) return Apply(new WholePower((int)exponent), Derivative);
        if (!double.IsFinite(exponent) || Math.Floor(exponent) == exponent) return Apply(new Power(exponent), Derivative);

        // Two kernels: the logarithm and the exponential together have more constants than there are registers.
        Tensor power = Map(new PowerLog(exponent));
        Kernels.Mapping.Map.Unary(power.Storage, power.Storage, default(Exp));
        power.Tape!.Trace?.Add(nameof(Pow), power, [this], new Power(exponent));
        return power.Tape!.Record(nameof(Pow), power, new Rule(this, g => Derivative(g, this, power)));

        Tensor Derivative(Tensor g, Tensor x, Tensor y)
        {
            if (exponent == 0) return Zeros(x.Shape, x.DType);
            if (exponent == 0.5) return g / (2 * y);
            return g * (exponent * x.Pow(exponent - 1));
        }
    }

    /// <summary>The largest whole power that is computed as a product.</summary>
    private const int MaxProduct = 32;

    /// <summary>|x|; the derivative at 0 is 0.</summary>
    public Tensor Abs() => Apply(
        default(Abs), default(AbsGradient), fromOutput: false, static (g, x, _) => g.WeightedBy(x.Map(default(Sign))));

    /// <summary>
    /// x, held between two constants; no gradient flows where it was held. At the bounds themselves, and at NaN, it flows.
    /// </summary>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The largest value.</param>
    /// <exception cref="ArgumentException"><paramref name="low"/> is above <paramref name="high"/>.</exception>
    public Tensor Clamp(double low, double high)
    {
        if (!(low <= high)) throw new ArgumentException(
            $"Clamp: expected a lower bound that is not above the upper bound, found {low} and {high}.");
        ClampGradient fused = new(low, high);
        return Apply(new Clamp(low, high), fused, fromOutput: false, (g, x, _) => g.WeightedBy(Ones(x.Shape, x.DType).Map(x, fused)));
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
        ReluGradient fused = default;
        return Apply(default(Relu), fused, fromOutput: false, (g, x, _) => g.WeightedBy(Ones(x.Shape, x.DType).Map(x, fused)));
    }

    /// <summary>x where x >= 0, slope x elsewhere; the derivative at 0 is the slope.</summary>
    /// <param name="slope">The factor on the negative side, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slope is negative.</exception>
    public Tensor LeakyRelu(double slope)
    {
        if (!(slope >= 0)) throw new ArgumentOutOfRangeException(
            nameof(slope), slope, $"LeakyRelu: expected a slope of at least 0, found {slope}.");
        LeakyReluGradient fused = new(slope);
        return Apply(new LeakyRelu(slope), fused, fromOutput: false, (g, x, _) => g.WeightedBy(Ones(x.Shape, x.DType).Map(x, fused)));
    }
}
