using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Flow;

/// <summary>
/// A flow for images of whole-numbered grey levels. A density can give such numbers any likelihood, so noise u in [0, 1) is added to each
/// (dequantisation), and log P(x) >= E[log p((x + u) / levels) - log q(u | x)] - n log levels. The noise is uniform, with log q = 0 (Uria
/// et al. 2013, arXiv:1306.0186), or comes from a flow that sees the image and is trained on the same bound (variational dequantisation: Ho
/// et al. 2019, arXiv:1902.00275).
/// </summary>
public sealed partial class ImageFlow : Module
{
    private readonly FlowTransform? _noise;

    /// <summary>Makes the model.</summary>
    /// <param name="flow">The density of images in [0, 1].</param>
    /// <param name="noise">
    /// What makes the noise of logistic numbers, with the image, from -1 to 1, as context; a sigmoid comes behind it. Null for uniform
    /// noise, which is what the identity would give.
    /// </param>
    /// <param name="levels">How many grey levels there are.</param>
    public ImageFlow(NormalizingFlow flow, FlowTransform? noise = null, int levels = 256)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 2);
        Flow = AddModule("flow", flow);
        if (noise is not null) _noise = AddModule("noise", noise);
        Levels = levels;
    }

    /// <summary>The density of images in [0, 1].</summary>
    public NormalizingFlow Flow { get; }

    /// <summary>How many grey levels there are.</summary>
    public int Levels { get; }

    /// <summary>The latents of grey levels in the middle of their steps.</summary>
    public override Tensor Forward(Tensor x) => Flow.Forward((x + 0.5) / Levels);

    /// <summary>
    /// Sets what the data decides before training, such as the scales of <see cref="ActNorm"/>, from images with uniform noise.
    /// </summary>
    /// <param name="x">Grey levels from 0 to levels - 1: [batch, ...].</param>
    /// <param name="random">Where the noise comes from.</param>
    public void Initialize(Tensor x, RandomStream random)
    {
        if (Flow.Transform.BeginsWithData) Flow.Transform.Initialize((x + Tensor.Uniform(x.Shape, random, dtype: x.DType)) / Levels);
    }

    /// <summary>A draw of the bound on log P(x) of each image, in nats: [batch].</summary>
    /// <param name="x">Grey levels from 0 to levels - 1: [batch, ...].</param>
    /// <param name="random">Where the noise comes from.</param>
    public Tensor Bound(Tensor x, RandomStream random)
    {
        (Tensor u, Tensor? logDensity) = Noise(x, random);
        Tensor bound = Flow.LogDensity((x + u) / Levels) - (x.Count / x.Shape[0] * Math.Log(Levels));
        return logDensity is null ? bound : bound - logDensity;
    }

    /// <summary>The loss of a batch: the negative bound in bits for each dimension.</summary>
    /// <param name="x">Grey levels from 0 to levels - 1: [batch, ...].</param>
    /// <param name="random">Where the noise comes from.</param>
    public Tensor Loss(Tensor x, RandomStream random) => Bound(x, random).Mean() * (-1 / BitsPerDimension.NatsPerBit(x.Count / x.Shape[0]));

    /// <summary>
    /// Grey levels of images that are drawn, from 0 to 1: floor(levels x) / (levels - 1). What is no number, in a flow that has diverged,
    /// becomes 0.
    /// </summary>
    /// <param name="latents">Latents of images.</param>
    public float[] Decode(Tensor latents)
    {
        float[] pixels = Flow.Transform.Invert(latents).Value.Cast(DType.Float32).ToArray();
        for (int i = 0; i < pixels.Length; i++) pixels[i] = float.IsNaN(pixels[i]) ? 0
            : Math.Clamp(MathF.Floor(pixels[i] * Levels), 0, Levels - 1) / (Levels - 1);
        return pixels;
    }

    // u = sigmoid(n(e)), e logistic: log q(u | x) = log p(e) - log |det dn/de| - log |det du/dn|
    private (Tensor Noise, Tensor? LogDensity) Noise(Tensor x, RandomStream random)
    {
        if (_noise is null) return (Tensor.Uniform(x.Shape, random, dtype: x.DType), null);
        Tensor e = BaseDistribution.Logistic.Sample(x.Shape, random, dtype: x.DType);
        Transformed made = _noise.Apply(e, x.Affine(2.0 / (Levels - 1), -1));

        // log du/dn = -softplus(n) - softplus(-n), the logarithm of the logistic density
        Tensor logSlopes = BaseDistribution.Logistic.LogDensity(made.Value);
        return (made.Value.Sigmoid(), BaseDistribution.Logistic.LogDensity(e) - made.LogDeterminant - logSlopes);
    }
}
