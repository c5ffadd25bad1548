using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>max(x, 0), elementwise.</summary>
public sealed class Relu : Module, IActivation
{
    /// <inheritdoc/>
    public Activation Activation => Activation.Relu;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Relu();
}
