using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;

namespace Engine.Models.Flow;

/// <summary>
/// z = (x + b) e^s with a trained b and s for each channel, which begin where the first batch comes out with mean 0 and variance 1 (Kingma
/// and Dhariwal 2018, arXiv:1807.03039, section 3.1).
/// </summary>
public sealed class ActNorm : FlowTransform
{
    /// <summary>Creates the transform; until <see cref="Initialize"/> it is the identity.</summary>
    /// <param name="channels">Channels: the innermost axis.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public ActNorm(int channels, ModuleOptions options)
    {
        Bias = NewParameter("bias", [channels], Initializers.Zeros, options);
        LogScale = NewParameter("log_scale", [channels], Initializers.Zeros, options);
    }

    /// <summary>b: [channels].</summary>
    public Parameter Bias { get; }

    /// <summary>s: [channels].</summary>
    public Parameter LogScale { get; }

    /// <inheritdoc/>
    public override bool HasDataDependentInitialization => true;

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null) => WithLog((x + Bias) * LogScale.Exp(), Places(x) * LogScale.Sum());

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null) =>
        WithLog((z * (-LogScale).Exp()) - Bias, -Places(z) * LogScale.Sum());

    /// <inheritdoc/>
    public override Tensor Initialize(Tensor x, Tensor? context = null)
    {
        int[] axes = [.. Enumerable.Range(0, x.Shape.Rank - 1)];
        Bias.Set([.. x.Mean(axes).ToDoubles().Select(mean => (float)-mean)]);
        LogScale.Set([.. x.Variance(axes).ToDoubles().Select(variance => (float)(-0.5 * Math.Log(variance + 1e-6)))]);
        return Apply(x, context).Value;
    }
}
