using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd;

public partial class Tensor
{
    // Smooth activations. In a rule g is the gradient of the output y, x the input.
    /// <summary>x Phi(x), Phi being the normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415).</summary>
    /// <param name="approximate">True for x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³))) / 2, with which some published models were
    /// trained.</param>
    public Tensor Gelu(bool approximate = false) => approximate

        // y = x s, s = sigmoid(2 u): dx = g (s + x s (1 - s) 2 u')
        ? Apply(default(GeluTanh), default(GeluTanhGradient), fromOutput: false, static (g, x, _) =>
        {
            // Beyond the bound s is 0 or 1, and infinity times 1 - s would be NaN.
            Tensor bounded = x.Clamp(-30, 30);
            Tensor s = (GeluTanh.Slope * (bounded + (GeluTanh.Cubic * bounded.Square() * bounded))).Sigmoid();
            Tensor slope = (3 * GeluTanh.Cubic * GeluTanh.Slope * bounded.Square()) + GeluTanh.Slope;
            return g * (s + (bounded * s * (1 - s) * slope));
        })

        // dx = g (Phi(x) + x phi(x)), phi being 0 from the bound on, where infinity times it would be NaN.
        : Apply(default(Gelu), default(GeluGradient), fromOutput: false, static (g, x, _) =>
            g * ((0.5 * (1 + (x * Kernels.Elementwise.Gelu.HalfRoot).Erf()))
                + (x.Clamp(-50, 50) * (-0.5 * x.Square()).Exp() * (1 / Math.Sqrt(2 * Math.PI)))));

    /// <summary>x sigmoid(x), also called Swish (Elfwing et al. 2017, arXiv:1702.03118).</summary>
    public Tensor Silu() => Apply(default(Silu), default(SiluGradient), fromOutput: false, static (g, x, _) =>
    {
        // s (1 - s) is 0 from the bound on, where infinity times it would be NaN.
        Tensor s = x.Sigmoid();
        return g * (s + (x.Clamp(-1000, 1000) * s * (1 - s)));
    });

    /// <summary>x where x > 0, alpha (e^x - 1) elsewhere (Clevert et al. 2015, arXiv:1511.07289); the derivative at 0 is alpha.</summary>
    /// <param name="alpha">What it goes to for very negative x, without its sign; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">alpha is negative, or NaN.</exception>
    public Tensor Elu(double alpha = 1)
    {
        if (!(alpha >= 0)) throw new ArgumentOutOfRangeException(
            nameof(alpha), alpha, $"Elu: expected an alpha of at least 0, found {alpha}.");

        // dx = g where x > 0, g alpha e^x elsewhere; e^x of what is not wanted is held at 1.
        return Apply(new Elu(alpha), new EluGradient(alpha), fromOutput: false, (g, x, _) =>
        {
            Tensor positive = Ones(x.Shape, x.DType).Map(x, default(ReluGradient));
            return g * (positive + ((1 - positive) * (alpha * x.Clamp(double.NegativeInfinity, 0).Exp())));
        });
    }

    /// <summary>
    /// Zero with a probability, scaled by 1 / (1 - probability) otherwise (Srivastava et al. 2014, JMLR 15). The mask is a function of the
    /// random stream's position, so the backward pass makes it again instead of storing it.
    /// </summary>
    /// <param name="probability">The probability of zero, in [0, 1).</param>
    /// <param name="random">The source of the mask; advanced by one draw for each element.</param>
    /// <exception cref="ArgumentOutOfRangeException">The probability is not in [0, 1).</exception>
    public Tensor Dropout(double probability, RandomStream random)
    {
        Autograd.Tape.OpenFloating(nameof(Dropout), this);
        if (!((float)probability is >= 0 and < 1)) throw new ArgumentOutOfRangeException(
            nameof(probability), probability, $"Dropout: the probability must be in [0, 1), found {probability}.");
        if (probability == 0) return this;
        return Masked(this, probability, random.Key, random.Reserve(Count));
    }

    private static Tensor Masked(Tensor x, double probability, ulong key, long offset)
    {
        Tape tape = Autograd.Tape.OpenFloating(nameof(Dropout), x);
        Tensor y = tape.NewTensor(x.Shape, x.DType);
        RandomDropout.Run(x.Storage, y.Storage, (float)probability, key, offset);
        return tape.Record(nameof(Dropout), y, new Rule(x, g => Masked(g, probability, key, offset)));
    }
}
