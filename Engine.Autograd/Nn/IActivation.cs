using Engine.Kernels;

namespace Engine.Autograd.Nn;

/// <summary>A layer that a matrix product can apply while its result is still in registers: <see cref="Sequential"/> asks for it.</summary>
public interface IActivation
{
    /// <summary>The function.</summary>
    Activation Activation { get; }
}
