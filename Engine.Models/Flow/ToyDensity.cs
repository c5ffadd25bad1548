using Engine.Autograd;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;

namespace Engine.Models.Flow;

/// <summary>
/// A density in the plane to learn: those of FFJORD (Grathwohl et al. 2018, arXiv:1810.01367, lib/toy_data.py), with their constants.
/// </summary>
public sealed class ToyDensity
{
    private static readonly Dictionary<string, ToyDensity> s_all = new[]
    {
        new ToyDensity("8gaussians", ToyPoints.EightGaussians) { Entropy = 2.8319 },
        new ToyDensity("checkerboard", ToyPoints.Checkerboard) { Entropy = Math.Log(32) },
        new ToyDensity("moons", ToyPoints.Moons),
        new ToyDensity("circles", ToyPoints.Circles),
        new ToyDensity("pinwheel", ToyPoints.Pinwheel),
        new ToyDensity("2spirals", ToyPoints.Spirals),
        new ToyDensity("swissroll", ToyPoints.SwissRoll),
        new ToyDensity("rings", ToyPoints.Rings),
    }.ToDictionary(density => density.Name);

    private readonly Action<ToyDraws, float[]> _draw;

    private ToyDensity(string name, Action<ToyDraws, float[]> draw) => (Name, _draw) = (name, draw);

    /// <summary>The names of all.</summary>
    public static IReadOnlyCollection<string> Names => s_all.Keys;

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The entropy in nats: the best negative log-likelihood that there is. Null where it is not known.</summary>
    public double? Entropy { get; private init; }

    /// <summary>A density by its name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static ToyDensity Of(string name) => s_all.TryGetValue(name, out ToyDensity? density)
        ? density
        : throw new ArgumentException($"There is no density '{name}': expected one of {string.Join(", ", Names)}.");

    /// <summary>Draws points, x and y of each in turn: the same ones on every device.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of the draws.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative, or more than one array holds.</exception>
    public float[] Sample(int count, RandomStream random)
    {
        float[] points = new float[ArrayLength.Of(nameof(Sample), nameof(count), count, 2)];
        _draw(new ToyDraws(count, random), points);
        return points;
    }
}

/// <summary>Random numbers for so many points.</summary>
internal sealed class ToyDraws(int count, RandomStream random)
{
    // Points are made on the host, so their numbers are drawn there: a GPU would be waited for.
    private static readonly Lazy<CpuDevice> s_host = new(() => new CpuDevice(1));

    internal int Count => count;

    internal float[] Uniform() => random.Uniform(count);

    internal float[] Normal()
    {
        using Tape tape = new(s_host.Value, record: false);
        return Tensor.Normal([count], random).ToArray();
    }
}

/// <summary>How the points of <see cref="ToyDensity"/> are drawn.</summary>
internal static class ToyPoints
{
    /// <summary>Eight normal distributions of deviation 1/2 on a circle of radius 4, all divided by 1.414.</summary>
    internal static void EightGaussians(ToyDraws draws, float[] points)
    {
        float[] which = draws.Uniform(), x = draws.Normal(), y = draws.Normal();
        for (int i = 0; i < draws.Count; i++)
        {
            double angle = Math.Floor(8 * which[i]) * Math.PI / 4;
            Set(points, i, ((0.5 * x[i]) + (4 * Math.Cos(angle))) / 1.414, ((0.5 * y[i]) + (4 * Math.Sin(angle))) / 1.414);
        }
    }

    /// <summary>Uniform on 8 of the 16 squares of side 2 in [-4, 4]².</summary>
    internal static void Checkerboard(ToyDraws draws, float[] points)
    {
        float[] u = draws.Uniform(), v = draws.Uniform(), which = draws.Uniform();
        for (int i = 0; i < draws.Count; i++)
        {
            double x = (4 * u[i]) - 2, y = v[i] - (which[i] < 0.5 ? 0 : 2);
            Set(points, i, 2 * x, 2 * (y + (Math.Abs(Math.Floor(x)) % 2)));
        }
    }

    /// <summary>Two half circles that reach into each other, with noise of 0.1, doubled and moved by (-1, -0.2).</summary>
    internal static void Moons(ToyDraws draws, float[] points)
    {
        float[] which = draws.Uniform(), u = draws.Uniform(), x = draws.Normal(), y = draws.Normal();
        for (int i = 0; i < draws.Count; i++)
        {
            double angle = Math.PI * u[i], cos = Math.Cos(angle), sin = Math.Sin(angle);
            (double a, double b) = which[i] < 0.5 ? (cos, sin) : (1 - cos, 0.5 - sin);
            Set(points, i, (2 * (a + (0.1 * x[i]))) - 1, (2 * (b + (0.1 * y[i]))) - 0.2);
        }
    }

    /// <summary>Circles of radius 1 and 1/2 with noise of 0.08, three times as large.</summary>
    internal static void Circles(ToyDraws draws, float[] points)
    {
        float[] which = draws.Uniform(), u = draws.Uniform(), x = draws.Normal(), y = draws.Normal();
        for (int i = 0; i < draws.Count; i++)
        {
            double radius = which[i] < 0.5 ? 1 : 0.5, angle = 2 * Math.PI * u[i];
            Set(points, i, 3 * ((radius * Math.Cos(angle)) + (0.08 * x[i])), 3 * ((radius * Math.Sin(angle)) + (0.08 * y[i])));
        }
    }

    /// <summary>Five arms, 0.3 along and 0.1 across, turned by 0.25 e^radius.</summary>
    internal static void Pinwheel(ToyDraws draws, float[] points)
    {
        float[] which = draws.Uniform(), x = draws.Normal(), y = draws.Normal();
        for (int i = 0; i < draws.Count; i++)
        {
            double along = 1 + (0.3 * x[i]), across = 0.1 * y[i],
                angle = (Math.Floor(5 * which[i]) * 2 * Math.PI / 5) + (0.25 * Math.Exp(along));
            (double cos, double sin) = (Math.Cos(angle), Math.Sin(angle));
            Set(points, i, 2 * ((along * cos) + (across * sin)), 2 * ((across * cos) - (along * sin)));
        }
    }

    /// <summary>Two arms of one and a half turns, with noise of 0.1.</summary>
    internal static void Spirals(ToyDraws draws, float[] points)
    {
        float[] which = draws.Uniform(), u = draws.Uniform(), v = draws.Uniform(), w = draws.Uniform(), x = draws.Normal(),
            y = draws.Normal();
        for (int i = 0; i < draws.Count; i++)
        {
            double n = Math.Sqrt(u[i]) * 540 * (2 * Math.PI) / 360, side = which[i] < 0.5 ? 1.0 / 3 : -1.0 / 3;
            Set(points, i, (side * ((-Math.Cos(n) * n) + (0.5 * v[i]))) + (0.1 * x[i]),
                (side * ((Math.Sin(n) * n) + (0.5 * w[i]))) + (0.1 * y[i]));
        }
    }

    /// <summary>One arm t (cos t, sin t), t from 1.5 pi to 4.5 pi, with noise of 1, divided by 5.</summary>
    internal static void SwissRoll(ToyDraws draws, float[] points)
    {
        float[] u = draws.Uniform(), x = draws.Normal(), y = draws.Normal();
        for (int i = 0; i < draws.Count; i++)
        {
            double t = 1.5 * Math.PI * (1 + (2 * u[i]));
            Set(points, i, ((t * Math.Cos(t)) + x[i]) / 5, ((t * Math.Sin(t)) + y[i]) / 5);
        }
    }

    /// <summary>Circles of radius 1/4, 1/2, 3/4 and 1, three times as large, with noise of 0.08.</summary>
    internal static void Rings(ToyDraws draws, float[] points)
    {
        float[] which = draws.Uniform(), u = draws.Uniform(), x = draws.Normal(), y = draws.Normal();
        for (int i = 0; i < draws.Count; i++)
        {
            double radius = 0.75 * (1 + Math.Floor(4 * which[i])), angle = 2 * Math.PI * u[i];
            Set(points, i, (radius * Math.Cos(angle)) + (0.08 * x[i]), (radius * Math.Sin(angle)) + (0.08 * y[i]));
        }
    }

    private static void Set(float[] points, int i, double x, double y) => (points[2 * i], points[(2 * i) + 1]) = ((float)x, (float)y);
}
