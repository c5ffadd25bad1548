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
