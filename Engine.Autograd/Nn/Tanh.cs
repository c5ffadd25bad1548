using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>tanh x, elementwise.</summary>
public sealed class Tanh : Module, IActivation
{
    /// <inheritdoc/>
    public Activation Activation => Activation.Tanh;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Tanh();
}
