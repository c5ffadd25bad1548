using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Data;

/// <summary>
/// Equal normal distributions in the plane, far from each other compared with their width: the data on which papers on GANs count lost
/// modes (Metz et al. 2016, arXiv:1611.02163; Srivastava et al. 2017, VEEGAN, arXiv:1705.07761, section 4.1; Lin et al. 2018, PacGAN,
/// arXiv:1712.04086, section 4.1).
/// </summary>
public sealed class GaussianMixture
{
    private readonly (double X, double Y)[] _centers;

    /// <summary>Creates a mixture.</summary>
    /// <param name="name">Its name in messages.</param>
    /// <param name="centers">The mean of each component; at least one.</param>
    /// <param name="deviation">The standard deviation of all, in both directions; positive.</param>
    /// <exception cref="ArgumentException">There is no component.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The deviation is not positive and finite.</exception>
    public GaussianMixture(string name, IEnumerable<(double X, double Y)> centers, double deviation)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(centers);
        _centers = [.. centers];
        if (_centers.Length == 0) throw new ArgumentException("GaussianMixture: expected at least one component, found none.");
        if (!(deviation > 0) || !double.IsFinite(deviation)) throw new ArgumentOutOfRangeException(nameof(deviation), deviation,
            FormattableString.Invariant($"GaussianMixture: expected a finite deviation above 0, found {deviation}."));
        (Name, Deviation) = (name, deviation);
    }

    /// <summary>Eight on the unit circle, at (cos 2 pi i / 8, sin 2 pi i / 8), of deviation 0.01.</summary>
    public static GaussianMixture Ring { get; } =
        new("ring", Enumerable.Range(0, 8).Select(i => (Math.Cos(Math.PI * i / 4), Math.Sin(Math.PI * i / 4))), 0.01);

    /// <summary>Twenty-five on {-4, -2, 0, 2, 4}^2, of deviation 0.05.</summary>
    public static GaussianMixture Grid { get; } =
        new("grid", Enumerable.Range(0, 25).Select(i => (-4 + (2.0 * (i % 5)), -4 + (2.0 * (i / 5)))), 0.05);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The mean of each component.</summary>
    public IReadOnlyList<(double X, double Y)> Centers => _centers;

    /// <summary>The standard deviation of each component, in both directions.</summary>
    public double Deviation { get; }

    /// <summary>Draws points, x and y of each in turn: the same ones on every device.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of the draws.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative, or more than one array holds.</exception>
    public float[] Sample(int count, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        float[] points = new float[ArrayLength.Of(nameof(Sample), nameof(count), count, 2)];
        if (count == 0) return points;
        float[] which = random.Uniform(count), radius = random.Uniform(count), angle = random.Uniform(count);
        for (int i = 0; i < count; i++)
        {
            (double x, double y) = _centers[Math.Min((int)(which[i] * _centers.Length), _centers.Length - 1)];

            // Box and Muller 1958: r = s sqrt(-2 log u), u in (0, 1], at a uniform angle
            double r = Deviation * Math.Sqrt(-2 * Math.Log(1 - radius[i]));
            (double sin, double cos) = Math.SinCos(2 * Math.PI * angle[i]);
            (points[2 * i], points[(2 * i) + 1]) = ((float)(x + (r * cos)), (float)(y + (r * sin)));
        }

        return points;
    }
}
