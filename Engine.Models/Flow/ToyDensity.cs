using Engine.Autograd;
using Engine.Kernels.Devices;
using Engine.Kernels.RandomNumbers;

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
    /// <param name="random">Where they come from.</param>
    public float[] Sample(int count, RandomStream random)
    {
        float[] points = new float[2 * count];
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
