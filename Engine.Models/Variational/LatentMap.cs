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
    private static float Place(int i, int side) => (float)NormalDistribution.Quantile((i + 0.5) / side);
}

/// <summary>The standard normal distribution.</summary>
public static class NormalDistribution
{
    /// <summary>P(Z &lt;= x), to about 1e-15 where |x| is at most 7; 0 or 1 beyond 12.</summary>
    public static double Cumulative(double x)
    {
        if (double.IsNaN(x)) return x;
        if (Math.Abs(x) > 12) return x < 0 ? 0 : 1;

        // 1/2 + density(x) (x + x³/3 + x⁵/(3 5) + x⁷/(3 5 7) + ...): every term is positive for x > 0, so nothing cancels
        double a = Math.Abs(x), term = a, sum = a;
        for (int odd = 3; sum + term != sum; odd += 2) sum += term *= a * a / odd;
        double above = sum * Math.Exp(-0.5 * a * a) / Math.Sqrt(2 * Math.PI);
        return Math.Clamp(x < 0 ? 0.5 - above : 0.5 + above, 0, 1);
    }

    /// <summary>The x with P(Z &lt;= x) = <paramref name="probability"/>.</summary>
    /// <param name="probability">Between 0 and 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not between 0 and 1.</exception>
    public static double Quantile(double probability)
    {
        if (!(probability is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A probability between 0 and 1 was expected.");
        (double low, double high) = (-12, 12);
        for (int i = 0; i < 64; i++)
        {
            double middle = 0.5 * (low + high);
            if (Cumulative(middle) < probability) low = middle;
            else high = middle;
        }

        return 0.5 * (low + high);
    }
}
