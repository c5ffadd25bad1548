using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Flow;

/// <summary>z = x e^s with a trained s for each element: the one part of NICE that changes volumes (Dinh et al. 2014, arXiv:1410.8516, section 3.3).</summary>
public sealed class DiagonalScaling : FlowTransform
{
    /// <summary>Makes the transform; it begins as the identity.</summary>
    /// <param name="elements">Elements of a vector.</param>
    /// <param name="options">Device, type and randomness.</param>
    public DiagonalScaling(int elements, ModuleOptions options) => LogScale = NewParameter("log_scale", [elements], Initializers.Zeros, options);

    /// <summary>s: [elements].</summary>
    public Parameter LogScale { get; }

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => WithLog(x * LogScale.Exp(), LogScale.Sum());

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) => WithLog(z * (-LogScale).Exp(), -LogScale.Sum());
}
