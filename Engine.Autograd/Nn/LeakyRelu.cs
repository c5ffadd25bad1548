using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>x where x >= 0, slope x elsewhere, elementwise.</summary>
/// <param name="slope">The factor on the negative side, at least 0.</param>
public sealed class LeakyRelu(double slope = 0.01) : Module, IActivation
{
    /// <inheritdoc/>
    public Activation Activation => Activation.LeakyRelu((float)slope);

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.LeakyRelu(slope);
}
