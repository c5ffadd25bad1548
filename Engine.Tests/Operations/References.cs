namespace Engine.Tests.Operations;

/// <summary>Functions that .NET lacks, in float64, for the references.</summary>
internal static class References
{
    /// <summary>
    /// erf x = 2/sqrt(pi) e^(-x²) sum of 2^n x^(2n+1) / (2n+1)!!, whose terms all have one sign; in the 28 digits of decimal, where what
    /// the terms have been rounded by is nothing.
    /// </summary>
    internal static double Erf(double x)
    {
        if (Math.Abs(x) > 6) return Math.Sign(x);
        if (Math.Abs(x) < 1e-9) return 1.1283791670955126 * x;

        // A number is a whole multiple of 2^-58, or very small; a conversion to decimal would keep 15 digits only.
        decimal exact = (decimal)(long)(x * (1L << 58)) / (1L << 58);
        decimal square = exact * exact;
        decimal sum = 0, power = 0;
        decimal term = exact, termOfPower = 1;
        for (int n = 1; term != 0 && (n < 40 || Math.Abs(term) > Math.Abs(sum) * 1e-20m); n++)
        {
            sum += term;
            power += termOfPower;
            term *= 2 * square / ((2 * n) + 1);
            termOfPower *= square / n;
        }

        return (double)(1.1283791670955125738961589031m * sum / power);
    }

    internal static double Sigmoid(double x)
    {
        double z = Math.Exp(-Math.Abs(x));
        return (x < 0 ? z : 1) / (1 + z);
    }

    internal static double Softplus(double x) => Math.Max(x, 0) + Log1p(Math.Exp(-Math.Abs(x)));

    /// <summary>log(1 + x): what is lost in rounding 1 + x is put right by a factor.</summary>
    internal static double Log1p(double x)
    {
        double u = 1 + x;
        return u == 1 ? x : Math.Log(u) * x / (u - 1);
    }

    /// <summary>e^x - 1 = 2 sinh(x/2) e^(x/2), which cancels nothing.</summary>
    internal static double Expm1(double x) => 2 * Math.Sinh(x / 2) * Math.Exp(x / 2);

    /// <summary>
    /// The logarithm of the probability that a standard normal number is larger than x: from erf up to 3, beyond from the continued
    /// fraction 1 / (x + 1 / (x + 2 / (x + ...))) of the tail over the density.
    /// </summary>
    internal static double LogNormalTail(double x)
    {
        if (x < 3) return Math.Log(0.5 * (1 - Erf(x / Math.Sqrt(2))));
        double fraction = x;
        for (int n = 200; n >= 1; n--) fraction = x + (n / fraction);
        return (-x * x / 2) - (0.5 * Math.Log(2 * Math.PI)) - Math.Log(fraction);
    }
}
