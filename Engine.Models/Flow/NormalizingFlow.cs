using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Flow;

/// <summary>
/// A density with an exact likelihood: data are what an invertible function makes of latents with a known density,
/// log p(x) = log p(f(x)) + log |det df/dx| (Rezende and Mohamed 2015, arXiv:1505.05770; Dinh et al. 2014).
/// </summary>
public sealed class NormalizingFlow : Module
{
    /// <summary>Joins a transform and the density of its latents.</summary>
    /// <param name="transform">f, from data to latents.</param>
    /// <param name="latents">p(z).</param>
    /// <param name="example">The shape of one example of the data.</param>
    public NormalizingFlow(FlowTransform transform, BaseDistribution latents, Shape example)
    {
        Transform = AddModule("transform", transform);
        (Latents, Example, LatentShape) = (latents, example, transform.OutputShape(example));
    }

    /// <summary>f.</summary>
    public FlowTransform Transform { get; }

    /// <summary>p(z).</summary>
    public BaseDistribution Latents { get; }

    /// <summary>The shape of one example of the data.</summary>
    public Shape Example { get; }

    /// <summary>The shape of its latents.</summary>
    public Shape LatentShape { get; }

    /// <summary>The latents of data.</summary>
    public override Tensor Forward(Tensor x) => Transform.Apply(x).Value;

    /// <summary>log p(x) of each example, in nats: [batch].</summary>
    /// <param name="x">[batch, ...].</param>
    /// <param name="context">What the density depends on; null for nothing.</param>
    public Tensor LogDensity(Tensor x, Tensor? context = null)
    {
        Transformed z = Transform.Apply(x, context);
        return Latents.LogDensity(z.Value) + z.LogDeterminant;
    }

    /// <summary>New data: f^-1 of latents that are drawn.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">Where they come from.</param>
    /// <param name="temperature">What the width of the latents' distribution is multiplied by.</param>
    /// <param name="context">What the density depends on; null for nothing.</param>
    public Tensor Sample(int count, RandomStream random, double temperature = 1, Tensor? context = null)
    {
        Parameter any = Parameters[0];
        return Transform.Invert(
            Latents.Sample(new Shape([count, .. LatentShape.ToArray()]), random, temperature, any.DType, any.Device), context).Value;
    }
}
