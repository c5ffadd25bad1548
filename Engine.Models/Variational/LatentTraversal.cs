using Engine.Models.Data;

namespace Engine.Models.Variational;

/// <summary>Decodes walks along single dimensions of z, with all others held: what each dimension means.</summary>
public sealed class LatentTraversal
{
    /// <summary>How far from 0 the walk goes to both sides; the prior's deviation is 1.</summary>
    public double Reach { get; init; } = 3;

    /// <summary>Images along the walk.</summary>
    public int Steps { get; init; } = 11;

    /// <summary>Decodes the walks.</summary>
    /// <param name="vae">The model.</param>
    /// <param name="start">The latent that the walks start from, such as an image's mean; it is a vector of the model's dimensions.</param>
    /// <param name="dimensions">Which dimensions to walk along.</param>
    /// <returns>Images, <see cref="Steps"/> for each dimension, in order.</returns>
    /// <exception cref="ArgumentException">The start or a dimension does not fit the model, or a property is out of range.</exception>
    public float[] Decode(LatentVariableModel vae, ReadOnlySpan<float> start, params IReadOnlyList<int> dimensions)
    {
        ArgumentNullException.ThrowIfNull(vae);
        if (start.Length != vae.Latent) throw new ArgumentException($"The start must have {vae.Latent} elements, found {start.Length}.");
        if (Steps < 2) throw new ArgumentException($"A walk has at least 2 steps, found {Steps}.");
        float[] latents = new float[dimensions.Count * Steps * vae.Latent];
        for (int i = 0; i < dimensions.Count * Steps; i++)
        {
            (int dimension, int step) = (dimensions[i / Steps], i % Steps);
            if ((uint)dimension >= (uint)vae.Latent) throw new ArgumentException(
                $"There is no dimension {dimension}: the model has {vae.Latent}.");
            Span<float> z = latents.AsSpan(i * vae.Latent, vae.Latent);
            start.CopyTo(z);
            z[dimension] = (float)(Reach * ((2.0 * step / (Steps - 1)) - 1));
        }

        return vae.Decode(latents);
    }
}

/// <summary>Interpolation between two images through the latent space.</summary>
public static class Interpolation
{
    /// <summary>Decodes a straight line from one latent to another.</summary>
    /// <param name="vae">The model.</param>
    /// <param name="from">The latent of the first image, for example the mean of its q(z|x).</param>
    /// <param name="to">That of the last.</param>
    /// <param name="steps">Images of the interpolation, both ends included; at least 2.</param>
    /// <returns>Images, one after another.</returns>
    /// <exception cref="ArgumentException">A latent does not fit the model.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two steps.</exception>
    public static float[] Between(LatentVariableModel vae, ReadOnlySpan<float> from, ReadOnlySpan<float> to, int steps)
    {
        ArgumentNullException.ThrowIfNull(vae);
        if (from.Length != vae.Latent || to.Length != vae.Latent)
            throw new ArgumentException($"Latents of {vae.Latent} values were expected, found {from.Length} and {to.Length}.");
        return vae.Decode(Line(from, to, steps));
    }

    /// <summary>Latents on a straight line from one to another.</summary>
    /// <param name="from">The first.</param>
    /// <param name="to">The last, of as many dimensions.</param>
    /// <param name="steps">How many, both ends included; at least 2.</param>
    /// <returns>[steps, latent], in row-major order.</returns>
    /// <exception cref="ArgumentException">The latents are not of one length, or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two steps.</exception>
    public static float[] Line(ReadOnlySpan<float> from, ReadOnlySpan<float> to, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        if (from.IsEmpty || from.Length != to.Length) throw new ArgumentException(
            $"Latents of one length were expected, found {from.Length} and {to.Length} values.");
        float[] latents = new float[ArrayLength.Of(nameof(Line), nameof(steps), steps, from.Length)];
        for (int i = 0; i < latents.Length; i++)
        {
            // z_t = (1 - t) from + t to
            float t = (float)(i / from.Length) / (steps - 1);
            latents[i] = ((1 - t) * from[i % from.Length]) + (t * to[i % from.Length]);
        }

        return latents;
    }
}
