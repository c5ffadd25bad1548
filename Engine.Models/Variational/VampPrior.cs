using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;

namespace Engine.Models.Variational;

/// <summary>
/// The variational mixture of posteriors (Tomczak and Welling 2018, arXiv:1705.07120, section 3): p(z) = 1/K sum over k of q(z|u_k), the
/// mixture of what the encoder makes of K images u_k that are learned, the pseudo-inputs. It lies where the encoder puts images, so that
/// the divergence costs less than that from a standard normal prior.
/// </summary>
public sealed class VampPrior : LatentPrior
{
    private readonly GaussianEncoder _encoder;
    private readonly Parameter _inputs;

    /// <summary>Creates the prior with pseudo-inputs N(0.05, 0.01²), as the authors' code has them: dark images.</summary>
    /// <param name="encoder">q(z|x), which stays a part of the model: its parameters are not those of the prior.</param>
    /// <param name="count">K, the number of pseudo-inputs; at least 1.</param>
    /// <param name="image">The shape of an image.</param>
    /// <param name="options">Device, element type and random stream; those of the encoder.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no pseudo-inputs.</exception>
    public VampPrior(GaussianEncoder encoder, int count, Shape image, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _encoder = encoder;
        _inputs = NewParameter("inputs", [count, .. image.ToArray()], Initializers.Normal(0.05, 0.01), options);
    }

    /// <summary>
    /// Creates the prior with pseudo-inputs that begin as images of the data: 0.05 + 0.9 x, because what is held in [0, 1] learns on its
    /// inside only.
    /// </summary>
    /// <param name="encoder">q(z|x), which stays a part of the model: its parameters are not those of the prior.</param>
    /// <param name="images">Images in [0, 1], one after another; each becomes a pseudo-input.</param>
    /// <param name="image">The shape of an image.</param>
    /// <param name="options">Device, element type and random stream; those of the encoder.</param>
    /// <exception cref="ArgumentException">There is no whole number of images, or none.</exception>
    public VampPrior(GaussianEncoder encoder, ReadOnlySpan<float> images, Shape image, ModuleOptions options)
        : this(encoder, Images(images, image), image, options)
    {
        float[] inside = images.ToArray();
        for (int i = 0; i < inside.Length; i++) inside[i] = 0.05f + (0.9f * inside[i]);
        _inputs.Set(inside);
    }

    /// <inheritdoc/>
    public override int Latent => _encoder.Latent;

    /// <summary>K, the number of pseudo-inputs.</summary>
    public int Count => _inputs.Shape[0];

    /// <summary>u, in [0, 1]: [count, ...image].</summary>
    public Tensor PseudoInputs() => _inputs.Clamp(0, 1);

    /// <inheritdoc/>
    /// <remarks>Its inside is float64: the terms of the square of z - mean, over small variances, cancel.</remarks>
    public override Tensor LogDensity(Tensor z)
    {
        ArgumentNullException.ThrowIfNull(z);
        if (z.Shape.Rank == 0 || z.Shape[-1] != Latent) throw new ArgumentException(
            $"VampPrior: expected z [..., {Latent}], found {z.Shape}.");
        Shape rows = new(z.Shape.ToArray().AsSpan(0, z.Shape.Rank - 1));
        (Tensor mean, Tensor logVariance) = _encoder.Parameterize(PseudoInputs());
        (Tensor m, Tensor s, Tensor x) = (mean.Cast(DType.Float64), logVariance.Cast(DType.Float64), z.Cast(DType.Float64));
        x = x.Reshape(rows.Count, Latent);
        Tensor precision = (-s).Exp(), scaled = m * precision;

        // log N(z; m, e^s) = -1/2 sum(m² e^-s + s + log 2 pi) + sum(z m e^-s) - 1/2 sum(z² e^-s), for all pairs of z and k at once
        Tensor constant = (-0.5 * ((m * scaled) + s).Sum(-1)) - (0.5 * Latent * Math.Log(2 * Math.PI));
        Tensor components = constant + x.MatMul(scaled, transposeOther: true)
            - (0.5 * x.Square().MatMul(precision, transposeOther: true));

        // log p(z) = log 1/K sum over k of N(z; m_k, e^s_k)
        return (components.LogSumExp(-1) - Math.Log(Count)).Cast(z.DType).Reshape(rows);
    }

    /// <inheritdoc/>
    /// <remarks>Each draw picks a pseudo-input, and z from what the encoder makes of it.</remarks>
    public override Tensor Sample(int count, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentNullException.ThrowIfNull(random);
        int[] picked = [.. random.Uniform(count).Select(u => (int)(u * Count))];
        Tensor inputs = PseudoInputs().Reshape(Count, _inputs.Count / Count).Gather(Tensor.From(picked, [count], _inputs.Device))
            .Reshape(_inputs.Shape.With(0, count));
        (Tensor mean, Tensor logVariance) = _encoder.Parameterize(inputs);
        return Sampling.Reparameterize(mean, logVariance, Tensor.Normal(mean.Shape, random, dtype: mean.DType, device: mean.Device));
    }

    private static int Images(ReadOnlySpan<float> images, Shape image) => images.Length > 0 && images.Length % image.Count == 0
        ? images.Length / image.Count
        : throw new ArgumentException($"VampPrior: expected a whole number of images {image}, found {images.Length} values.");
}
