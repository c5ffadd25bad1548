using Engine.Autograd;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Adversarial;

/// <summary>A random change of samples that gradients flow through.</summary>
public abstract class Augmentation
{
    /// <summary>Changes samples, each in its own way.</summary>
    /// <param name="x">The samples, [samples, ...].</param>
    /// <param name="random">Where the changes are drawn from.</param>
    public abstract Tensor Apply(Tensor x, RandomStream random);
}

/// <summary>
/// Differentiable augmentation of images (Zhao et al. 2020, DiffAugment, arXiv:2006.10738): real and generated images pass it before the
/// discriminator sees them, in the generator's step too, so that few real images last longer and the generator does not learn to draw
/// augmented ones.
/// </summary>
public sealed class DiffAugment : Augmentation
{
    private readonly double _translation = 0.125, _cutout = 0.5;

    /// <summary>Whether brightness (up to +-0.5), saturation (factors up to 2, of images with several channels) and contrast (factors from
    /// 0.5 to 1.5) change.</summary>
    public bool Color { get; init; } = true;

    /// <summary>The largest shift, in parts of the height and of the width; what comes in is 0. 0 for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not from 0 to 1.</exception>
    public double Translation { get => _translation; init => _translation = Fraction(nameof(Translation), value); }

    /// <summary>The sides of the rectangle that is set to 0, in parts of the height and of the width. 0 for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not from 0 to 1.</exception>
    public double Cutout { get => _cutout; init => _cutout = Fraction(nameof(Cutout), value); }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The samples are no images [images, height, width, channels].</exception>
    public override Tensor Apply(Tensor x, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(random);
        if (x.Shape.Rank != 4 || x.Count == 0) throw new ArgumentException(
            $"DiffAugment: expected images [images, height, width, channels] with elements, found {x.Shape}.");
        if (Color) x = Recoloured(x, random);
        if (Translation > 0) x = Shifted(x, random);
        return Cutout > 0 ? Cut(x, random) : x;
    }

    private static Tensor Recoloured(Tensor x, RandomStream random)
    {
        int n = x.Shape[0], channels = x.Shape[3];
        Tensor Draw(double low, double high) => Tensor.Uniform([n, 1, 1, 1], random, low, high, x.DType);

        // x + b; (x - m) s + m, m the mean over the channels of a pixel; (x - m) c + m, m the mean over the image
        x += Draw(-0.5, 0.5);
        if (channels > 1) x = Around(x, x.Mean(3).Reshape(n, x.Shape[1], x.Shape[2], 1), Draw(0, 2));
        return Around(x, x.Mean(1, 2, 3).Reshape(n, 1, 1, 1), Draw(0.5, 1.5));
    }

    private static Tensor Around(Tensor x, Tensor mean, Tensor factor) => ((x - mean) * factor) + mean;

    private Tensor Shifted(Tensor x, RandomStream random)
    {
        (int n, int height, int width, int channels) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        int down = (int)((height * Translation) + 0.5), right = (int)((width * Translation) + 0.5);
        float[] draws = random.Uniform(2 * n);

        // Every pixel from where it comes from; from outside of the image, from a row of zeros behind all pixels.
        int[] from = new int[n * height * width];
        for (int image = 0, place = 0; image < n; image++)
        {
            int byRows = Place(draws[2 * image], (2 * down) + 1) - down, byColumns = Place(draws[(2 * image) + 1], (2 * right) + 1) - right;
            for (int row = 0; row < height; row++)
            {
                for (int column = 0; column < width; column++, place++)
                {
                    (int r, int c) = (row - byRows, column - byColumns);
                    bool isInside = r >= 0 && r < height && c >= 0 && c < width;
                    from[place] = isInside ? (((image * height) + r) * width) + c : from.Length;
                }
            }
        }

        Tensor pixels = x.Reshape(n * height * width, channels);
        return Tensor.Concat(0, pixels, Tensor.Zeros([1, channels], x.DType)).Gather(Tensor.From(from, [n, height, width]));
    }

    private Tensor Cut(Tensor x, RandomStream random)
    {
        (int n, int height, int width) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        int tall = (int)((height * Cutout) + 0.5), wide = (int)((width * Cutout) + 0.5);
        float[] draws = random.Uniform(2 * n), mask = new float[n * height * width];
        Array.Fill(mask, 1);
        for (int image = 0; image < n; image++)
        {
            // The middle may be anywhere, so that the rectangle may reach over the edge.
            int top = Place(draws[2 * image], height + 1 - (tall % 2)) - (tall / 2);
            int left = Place(draws[(2 * image) + 1], width + 1 - (wide % 2)) - (wide / 2);
            int first = Math.Max(0, left), last = Math.Min(width, left + wide);
            for (int row = Math.Max(0, top); row < Math.Min(height, top + tall); row++)
                Array.Clear(mask, (((image * height) + row) * width) + first, Math.Max(0, last - first));
        }

        return x * Tensor.From(mask, [n, height, width, 1]).Cast(x.DType);
    }

    /// <summary>A number from [0, 1) as one of a count of places.</summary>
    private static int Place(float draw, int count) => Math.Min((int)(draw * count), count - 1);

    private static double Fraction(string name, double value) => value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(
        name, value, FormattableString.Invariant($"DiffAugment: expected {name} from 0 to 1, found {value}."));
}

/// <summary>
/// Asks for scores that an augmentation does not change: consistency regularisation (Zhang et al. 2019, CR-GAN, arXiv:1910.12027), with
/// the term of generated samples balanced (Zhao et al. 2020, arXiv:2002.04724).
/// </summary>
public sealed class ConsistencyRegularizer : IDiscriminatorRegularizer
{
    private readonly Augmentation _augmentation;

    /// <summary>Creates the term.</summary>
    /// <param name="augmentation">T.</param>
    /// <param name="weight">lambda, of real samples; at least 0.</param>
    /// <param name="generatedWeight">The weight of generated samples; 0 leaves them out.</param>
    /// <exception cref="ArgumentOutOfRangeException">A weight is negative or not finite.</exception>
    public ConsistencyRegularizer(Augmentation augmentation, double weight = 10, double generatedWeight = 0)
    {
        ArgumentNullException.ThrowIfNull(augmentation);
        _augmentation = augmentation;
        Weight = RegularizerWeight.Check(nameof(ConsistencyRegularizer), weight);
        GeneratedWeight = RegularizerWeight.Check(nameof(ConsistencyRegularizer), generatedWeight);
    }

    /// <summary>The weight of real samples.</summary>
    public double Weight { get; }

    /// <summary>The weight of generated samples.</summary>
    public double GeneratedWeight { get; }

    /// <summary>lambda E[(s(x) - s(T(x)))^2], and the same of generated samples with their weight.</summary>
    /// <inheritdoc/>
    public Tensor Penalty(Discriminator d, Tensor real, Tensor fake, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(d);
        Tensor penalty = Weight * Distance(d, real, labels);
        return GeneratedWeight == 0 ? penalty : penalty + (GeneratedWeight * Distance(d, fake, labels));
    }

    private Tensor Distance(Discriminator d, Tensor x, Tensor? labels) =>
        (d.Scores(x, labels) - d.Scores(_augmentation.Apply(x, d.Random), labels)).Square().Mean();
}
