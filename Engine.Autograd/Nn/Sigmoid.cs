using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>1 / (1 + e^-x), elementwise.</summary>
public sealed class Sigmoid : Module, IActivation
{
    /// <inheritdoc/>
    public Activation Activation => Activation.Sigmoid;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Sigmoid();
}
