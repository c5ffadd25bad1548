using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Flow;

/// <summary>
/// A density with an exact likelihood: data are what an invertible function makes of latents with a known density,
/// log p(x) = log p(f(x)) + log |det df/dx| (Rezende and Mohamed 2015, arXiv:1505.05770; Dinh et al. 2014).
/// </summary>
public sealed class NormalizingFlow : Module
{
    /// <summary>Joins a transform and the density of its latents.</summary>
    /// <param name="transform">f, from data to latents.</param>
    /// <param name="latents">p(z).</param>
    /// <param name="example">The shape of one example of the data.</param>
    public NormalizingFlow(FlowTransform transform, BaseDistribution latents, Shape example)
    {
        Transform = AddModule("transform", transform);
        (Latents, Example, LatentShape) = (latents, example, transform.OutputShape(example));
    }

    /// <summary>f.</summary>
    public FlowTransform Transform { get; }

    /// <summary>p(z).</summary>
    public BaseDistribution Latents { get; }

    /// <summary>The shape of one example of the data.</summary>
    public Shape Example { get; }

    /// <summary>The shape of its latents.</summary>
    public Shape LatentShape { get; }

    /// <summary>The latents of data.</summary>
    public override Tensor Forward(Tensor x) => Transform.Apply(x).Value;

    /// <summary>log p(x) of each example, in nats: [batch].</summary>
    /// <param name="x">[batch, ...].</param>
    /// <param name="context">What the density depends on; null for nothing.</param>
    public Tensor LogDensity(Tensor x, Tensor? context = null)
    {
        Transformed z = Transform.Apply(x, context);
        return Latents.LogDensity(z.Value) + z.LogDeterminant;
    }

    /// <summary>New data: f^-1 of latents that are drawn.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="temperature">What the width of the latents' distribution is multiplied by.</param>
    /// <param name="context">What the density depends on; null for nothing.</param>
    public Tensor Sample(int count, RandomStream random, double temperature = 1, Tensor? context = null)
    {
        Parameter any = Parameters[0];
        return Transform.Invert(
            Latents.Sample(new Shape([count, .. LatentShape.ToArray()]), random, temperature, any.DType, any.Device), context).Value;
    }
}

/// <summary>The distribution of a flow's latents: independent dimensions.</summary>
public abstract class BaseDistribution
{
    /// <summary>The standard normal distribution.</summary>
    public static BaseDistribution Gaussian { get; } = new GaussianBase();

    /// <summary>
    /// The logistic distribution, density e^-z / (1 + e^-z)²: what NICE takes for images (Dinh et al. 2014, arXiv:1410.8516, section 3.4).
    /// </summary>
    public static BaseDistribution Logistic { get; } = new LogisticBase();

    /// <summary>log p(z) of each example, [batch], in nats.</summary>
    /// <param name="z">[batch, ...].</param>
    public Tensor LogDensity(Tensor z) => OfRows(z.Reshape(z.Shape[0], z.Shape[0] == 0 ? 0 : z.Count / z.Shape[0]));

    /// <summary>Draws values from a distribution that is <paramref name="temperature"/> times as wide.</summary>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="temperature">1 for the distribution itself; less for what it holds most likely.</param>
    /// <param name="dtype">The type of the elements.</param>
    /// <param name="device">The device, where no tape is open.</param>
    public Tensor Sample(Shape shape, RandomStream random, double temperature = 1, DType dtype = DType.Float32, Device? device = null)
    {
        if (!(temperature >= 0)) throw new ArgumentOutOfRangeException(
            nameof(temperature), temperature, "A temperature must be at least 0.");
        return Draw(shape, random, temperature, dtype, device);
    }

    private protected abstract Tensor OfRows(Tensor z);

    private protected abstract Tensor Draw(Shape shape, RandomStream random, double temperature, DType dtype, Device? device);

    private sealed class GaussianBase : BaseDistribution
    {
        private protected override Tensor OfRows(Tensor z)
        {
            Tensor zero = Tensor.Zeros([], z.DType);
            return LogLikelihood.Gaussian(z, zero, zero);
        }

        private protected override Tensor Draw(Shape shape, RandomStream random, double temperature, DType dtype, Device? device) =>
            Tensor.Normal(shape, random, 0, temperature, dtype, device);
    }

    private sealed class LogisticBase : BaseDistribution
    {
        // log p(z) = -z - 2 log(1 + e^-z) = z - 2 softplus(z)
        private protected override Tensor OfRows(Tensor z) => (z - (2 * z.Softplus())).Sum(1);

        // z = log u - log(1 - u), u uniform
        private protected override Tensor Draw(Shape shape, RandomStream random, double temperature, DType dtype, Device? device)
        {
            Tensor u = Tensor.Uniform(shape, random, 1e-7, 1 - 1e-7, dtype, device);
            return temperature * (u.Log() - (1 - u).Log());
        }
    }
}
