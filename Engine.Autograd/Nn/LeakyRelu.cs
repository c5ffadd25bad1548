using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>x where x >= 0, slope x elsewhere, elementwise.</summary>
public sealed class LeakyRelu : Module, IActivation
{
    private readonly double _slope;

    /// <summary>Makes the layer.</summary>
    /// <param name="slope">The factor on the negative side, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slope is negative, or no number.</exception>
    public LeakyRelu(double slope = 0.01)
    {
        if (!(slope >= 0)) throw new ArgumentOutOfRangeException(nameof(slope), slope, "The slope must be at least 0.");
        _slope = slope;
    }

    /// <inheritdoc/>
    public Activation Activation => Activation.LeakyRelu(_slope);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.LeakyRelu(_slope);
}
