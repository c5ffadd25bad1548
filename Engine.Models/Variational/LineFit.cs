namespace Engine.Models.Variational;

/// <summary>
/// y = a + b x by least squares. Scores of images depend on how much there is in them: what is left over above the line of normal images
/// is strange in itself.
/// </summary>
public sealed class LineFit
{
    /// <summary>Fits the line.</summary>
    /// <param name="x">The x of each point.</param>
    /// <param name="y">The y of each point.</param>
    /// <exception cref="ArgumentException">There are fewer than two points, or not as many x as y.</exception>
    public LineFit(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length < 2 || x.Length != y.Length) throw new ArgumentException(
            $"At least two points were expected, found {x.Length} x and {y.Length} y.");
        double meanX = 0, meanY = 0, squares = 0, products = 0;
        for (int i = 0; i < x.Length; i++) (meanX, meanY) = (meanX + (x[i] / x.Length), meanY + (y[i] / x.Length));
        for (int i = 0; i < x.Length; i++)
        {
            squares += (x[i] - meanX) * (x[i] - meanX);
            products += (x[i] - meanX) * (y[i] - meanY);
        }

        // b = cov(x, y) / var(x), a = mean(y) - b mean(x)
        Slope = squares > 0 ? products / squares : 0;
        Offset = meanY - (Slope * meanX);
    }

    /// <summary>a.</summary>
    public double Offset { get; }

    /// <summary>b.</summary>
    public double Slope { get; }

    /// <summary>y - (a + b x) of each point: how far it lies above the line.</summary>
    /// <exception cref="ArgumentException">There are not as many x as y.</exception>
    public double[] Above(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length) throw new ArgumentException($"As many x as y were expected, found {x.Length} and {y.Length}.");
        double[] result = new double[x.Length];
        for (int i = 0; i < result.Length; i++) result[i] = y[i] - Offset - (Slope * x[i]);
        return result;
    }
}
