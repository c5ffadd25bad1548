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
    /// <summary>Creates the transform; until <see cref="Initialize"/> it is the identity.</summary>
    /// <param name="elements">Elements of a vector.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public DiagonalScaling(int elements, ModuleOptions options) =>
        LogScale = NewParameter("log_scale", [elements], Initializers.Zeros, options);

    /// <summary>s: [elements].</summary>
    public Parameter LogScale { get; }

    /// <inheritdoc/>
    public override bool HasDataDependentInitialization => true;

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

/// <summary>
/// The network of an additive coupling whose outputs are in the units of latents, t(x) e^-s with the s of the <see cref="DiagonalScaling"/>
/// at the end of the flow: the same functions as without, but z = x e^s + t(x). A pixel that is nothing but noise has an s of 6 or 7. In
/// the units of pixels its t would have to be right to a thousandth, finer than the steps that the network takes while it trains, and s
/// could not grow before the learning rate has fallen.
/// </summary>
public sealed class LatentUnits : Module
{
    private readonly Module _network;
    private readonly DiagonalScaling _scaling;
    private readonly int _half;

    /// <summary>Creates the network.</summary>
    /// <param name="network">From one half of the elements to the other.</param>
    /// <param name="scaling">What comes at the end of the flow; it is no part of this module.</param>
    /// <param name="half">The half that the coupling changes: 0 for elements 0, 2, 4, ..., 1 for 1, 3, 5, ...</param>
    public LatentUnits(Module network, DiagonalScaling scaling, int half)
    {
        ArgumentNullException.ThrowIfNull(scaling);
        if (half is not (0 or 1)) throw new ArgumentOutOfRangeException(nameof(half), half, "A half must be 0 or 1.");
        (_network, _scaling, _half) = (AddModule("network", network), scaling, half);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        int outputs = _scaling.LogScale.Count / 2;
        Tensor s = _scaling.LogScale.Reshape(outputs, 2).Slice(1, _half, 1).Reshape(outputs);
        return _network.Forward(x) * (-s).Exp();
    }
}
