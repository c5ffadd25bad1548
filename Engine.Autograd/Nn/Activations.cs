using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>
/// An activation that the layer before it can apply to its result while that is still in registers: <see cref="Sequential"/> asks for it.
/// </summary>
public interface IActivation
{
    /// <summary>The function.</summary>
    Activation Activation { get; }
}

/// <summary>
/// A layer that applies an activation while it writes its result: <see cref="Sequential"/> passes it the one that follows.
/// </summary>
public interface IFusesActivation
{
    /// <summary>The activation of the layer's output; equal to the two in turn.</summary>
    Tensor Forward(Tensor x, Activation activation);
}

/// <summary>max(x, 0), elementwise.</summary>
public sealed class Relu : Module, IActivation
{
    /// <inheritdoc/>
    public Activation Activation => Activation.Relu;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Relu();
}

/// <summary>x where x >= 0, slope x elsewhere, elementwise.</summary>
public sealed class LeakyRelu : Module, IActivation
{
    private readonly double _slope;

    /// <summary>Creates the layer.</summary>
    /// <param name="slope">The factor on the negative side, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slope is negative, or NaN.</exception>
    public LeakyRelu(double slope = 0.01)
    {
        if (!(slope >= 0)) throw new ArgumentOutOfRangeException(
            nameof(slope), slope, $"LeakyRelu: expected a slope of at least 0, found {slope}.");
        _slope = slope;
    }

    /// <inheritdoc/>
    public Activation Activation => Activation.LeakyRelu(_slope);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.LeakyRelu(_slope);
}

/// <summary>x where x > 0, alpha (e^x - 1) elsewhere, elementwise (Clevert et al. 2015, arXiv:1511.07289).</summary>
public sealed class Elu : Module
{
    private readonly double _alpha;

    /// <summary>Creates the layer.</summary>
    /// <param name="alpha">What it goes to for very negative x, without its sign; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">alpha is negative, or NaN.</exception>
    public Elu(double alpha = 1)
    {
        if (!(alpha >= 0)) throw new ArgumentOutOfRangeException(
            nameof(alpha), alpha, $"Elu: expected an alpha of at least 0, found {alpha}.");
        _alpha = alpha;
    }

    internal double Alpha => _alpha;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Elu(_alpha);
}

/// <summary>1 / (1 + e^-x), elementwise.</summary>
public sealed class Sigmoid : Module, IActivation
{
    /// <inheritdoc/>
    public Activation Activation => Activation.Sigmoid;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Sigmoid();
}

/// <summary>tanh x, elementwise.</summary>
public sealed class Tanh : Module, IActivation
{
    /// <inheritdoc/>
    public Activation Activation => Activation.Tanh;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Tanh();
}

/// <summary>log(1 + e^x), elementwise.</summary>
public sealed class Softplus : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Softplus();
}

/// <summary>x sigmoid(x), elementwise (Elfwing et al. 2017, arXiv:1702.03118).</summary>
public sealed class Silu : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Silu();
}

/// <summary>x Phi(x), elementwise, Phi being the normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415).</summary>
/// <param name="approximate">True for the form with tanh; see <see cref="Tensor.Gelu"/>.</param>
public sealed class Gelu(bool approximate = false) : Module
{
    internal bool IsApproximate => approximate;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Gelu(approximate);
}
