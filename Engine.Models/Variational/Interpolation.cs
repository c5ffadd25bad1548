namespace Engine.Models.Variational;

/// <summary>The way from one image to another through the latents: what lies between them, to the model.</summary>
public static class Interpolation
{
    /// <summary>Decodes a straight line from one latent to another.</summary>
    /// <param name="vae">The model.</param>
    /// <param name="from">The latent of the first image, such as the mean of its q(z|x).</param>
    /// <param name="to">That of the last.</param>
    /// <param name="steps">Images on the way, both ends included; at least 2.</param>
    /// <returns>Images, one after another.</returns>
    /// <exception cref="ArgumentException">A latent does not fit the model.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than two steps.</exception>
    public static float[] Between(Vae vae, ReadOnlySpan<float> from, ReadOnlySpan<float> to, int steps)
    {
        ArgumentNullException.ThrowIfNull(vae);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        if (from.Length != vae.Latent || to.Length != vae.Latent)
            throw new ArgumentException($"Latents of {vae.Latent} numbers were expected, found {from.Length} and {to.Length}.");
        float[] latents = new float[steps * vae.Latent];
        for (int i = 0; i < latents.Length; i++)
        {
            // z_t = (1 - t) from + t to
            float t = (float)(i / vae.Latent) / (steps - 1);
            latents[i] = ((1 - t) * from[i % vae.Latent]) + (t * to[i % vae.Latent]);
        }

        return vae.Decode(latents);
    }
}
