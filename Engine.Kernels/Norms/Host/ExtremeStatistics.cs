namespace Engine.Kernels.Norms.Host;

/// <summary>
/// The statistics of values whose squares overflow in their own type, or of which a sum does: in double, and float64 in small values, term
/// after term. Where a value is NaN or infinite, they are NaN.
/// </summary>
internal unsafe struct ExtremeStatistics<T>
    where T : unmanaged, INumber<T>
{
    internal T Mean, Residual, Variance, Reciprocal;

    /// <summary>The largest distance of a value from the mean is no number of the type.</summary>
    internal bool IsBeyondRange;

    private static double Scale => ReductionScale.SmallInDouble<T>();

    private static double Largest => typeof(T) == typeof(double) ? double.MaxValue : float.MaxValue;

    /// <summary>The statistics of some rows of neighbouring channels.</summary>
    /// <param name="x">The first row.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="stride">How far they are apart.</param>
    /// <param name="width">The channels.</param>
    /// <param name="shift">What is added to each channel, if anything.</param>
    /// <param name="epsilon">What is added to the variance.</param>
    /// <param name="distances">Receives the sum of each channel's distances from the mean, unless it is null.</param>
    internal ExtremeStatistics(T* x, int rows, int stride, int width, T* shift, double epsilon, T* distances)
    {
        double terms = (double)rows * width, sum = 0;
        for (int c = 0; c < width; c++)
            for (int row = 0; row < rows; row++) sum += Value(x, row, stride, c, shift);
        double mean = sum / terms, squares = 0, most = 0;
        for (int c = 0; c < width; c++)
        {
            double distance = 0;
            for (int row = 0; row < rows; row++)
            {
                double d = Value(x, row, stride, c, shift) - mean;
                distance += d;
                squares += d * d;
                most = Math.Max(most, Math.Abs(d));
            }

            if (distances != null) distances[c] = T.CreateTruncating(distance / Scale);
        }

        double variance = squares / terms, reciprocal = 1 / Math.Sqrt(variance + Math.Max(epsilon * Scale * Scale, 1e-300));
        Mean = T.CreateTruncating(mean / Scale);
        Residual = T.CreateTruncating((mean - (double.CreateTruncating(Mean) * Scale)) / Scale);
        Variance = T.CreateTruncating(Math.Min(variance / Scale / Scale, Largest));
        Reciprocal = T.CreateTruncating(reciprocal * Scale);
        IsBeyondRange = most > Largest * Scale;
    }

    private static double Value(T* x, int row, int stride, int channel, T* shift)
    {
        double value = double.CreateTruncating(x[((nint)row * stride) + channel]) * Scale;
        return shift == null ? value : value + (double.CreateTruncating(shift[channel]) * Scale);
    }
}
