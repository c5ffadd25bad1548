using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>
/// A layer that applies an activation while it writes its result: <see cref="Sequential"/> hands it the one that follows.
/// </summary>
public interface IFusesActivation
{
    /// <summary>The activation of the layer's output; equal to the two in turn.</summary>
    Tensor Forward(Tensor x, Activation activation);
}
