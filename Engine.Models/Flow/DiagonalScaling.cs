using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;

namespace Engine.Models.Flow;

/// <summary>
/// z = x e^s with a trained s for each element: the one part of NICE that changes volumes (Dinh et al. 2014, arXiv:1410.8516, section 3.3).
/// It begins where a first batch says: from s = 0 a learning rate of 0.001 would need thousands of steps to the 6 or 7 that pixels at the
/// edge of MNIST's images have, which are nothing but the noise of dequantisation.
/// </summary>
public sealed class DiagonalScaling : FlowTransform
{
    /// <summary>Makes the transform; until <see cref="Initialize"/> it is the identity.</summary>
    /// <param name="elements">Elements of a vector.</param>
    /// <param name="options">Device, type and randomness.</param>
    public DiagonalScaling(int elements, ModuleOptions options) =>
        LogScale = NewParameter("log_scale", [elements], Initializers.Zeros, options);

    /// <summary>s: [elements].</summary>
    public Parameter LogScale { get; }

    /// <inheritdoc/>
    public override bool BeginsWithData => true;

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => WithLog(x * LogScale.Exp(), LogScale.Sum());

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) => WithLog(z * (-LogScale).Exp(), -LogScale.Sum());

    /// <summary>
    /// Sets s = -log(mean |x|) for each element: where latents with the tails e^-|z| of a logistic distribution are likeliest, if nothing
    /// moves them.
    /// </summary>
    /// <inheritdoc/>
    public override Tensor Initialize(Tensor x, Tensor? context = null)
    {
        LogScale.Set([.. x.Abs().Mean(0).ToDoubles().Select(mean => (float)-Math.Log(mean + 1e-12))]);
        return Apply(x, context).Value;
    }
}
