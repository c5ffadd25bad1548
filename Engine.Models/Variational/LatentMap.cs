using MathNet.Numerics.Distributions;

namespace Engine.Models.Variational;

/// <summary>
/// The plane of a model with two latent dimensions as images: the decoder at a grid that cuts the prior into parts of one probability, so
/// that every image stands for equally many samples (Kingma and Welling 2013, appendix A).
/// </summary>
public static class LatentMap
{
    /// <summary>Decodes the grid.</summary>
    /// <param name="vae">A model with two latent dimensions.</param>
    /// <param name="side">Images in a row, and rows.</param>
    /// <param name="cancellation">Cancels the computation.</param>
    /// <returns>Images row by row; the first dimension rises to the right, the second upwards.</returns>
    /// <exception cref="ArgumentException">The model has another number of latent dimensions.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The side is less than 1.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public static float[] Decode(LatentVariableModel vae, int side, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(vae);
        ArgumentOutOfRangeException.ThrowIfLessThan(side, 1);
        if (vae.Latent != 2) throw new ArgumentException($"A map needs a model of 2 latent dimensions, found {vae.Latent}.");
        float[] latents = new float[side * side * 2];
        for (int i = 0; i < side * side; i++)
        {
            latents[2 * i] = Place(i % side, side);
            latents[(2 * i) + 1] = Place(side - 1 - (i / side), side);
        }

        return vae.Decode(latents, cancellation: cancellation);
    }

    // The middle, by probability, of part i of the prior.
    private static float Place(int i, int side) => (float)Normal.InvCDF(0, 1, (i + 0.5) / side);
}
