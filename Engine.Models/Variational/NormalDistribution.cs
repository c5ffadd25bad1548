namespace Engine.Models.Variational;

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
