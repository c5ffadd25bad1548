using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Imaging;
using Engine.Models.Metrics;
using Engine.Models.Training;

namespace Engine.Models.Adversarial;

/// <summary>Data whose modes can be counted, with the networks that learn them: what recipes of GANs are compared on.</summary>
public abstract class ModeTask
{
    /// <summary>The recipes that are worth comparing here.</summary>
    public abstract IReadOnlyList<string> Recipes { get; }

    /// <summary>The learning rate of both networks to begin with.</summary>
    public abstract double LearningRate { get; }

    /// <summary>As many samples as papers count.</summary>
    public abstract int PublishedSamples { get; }

    /// <summary>Draws samples of the data, in row-major order.</summary>
    /// <param name="count">How many.</param>
    /// <param name="random">The source of the draws.</param>
    public abstract float[] Draw(int count, RandomStream random);

    /// <summary>The shape of samples.</summary>
    /// <param name="count">How many.</param>
    public abstract Shape ShapeOf(int count);

    /// <summary>
    /// A GAN by a recipe's objective, penalties and packing, with the networks, the optimizer (Adam with beta1 0) and the steps (one of
    /// each network in turn) that all recipes have here.
    /// </summary>
    /// <param name="recipe">One of <see cref="GanRecipe.Names"/>.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">There is no such recipe.</exception>
    public abstract Gan Make(string recipe, ModuleOptions options);

    /// <summary>Counts the modes of samples.</summary>
    /// <param name="samples">In row-major order.</param>
    public abstract ModeCount Count(ReadOnlySpan<float> samples);

    /// <summary>Saves a picture of samples as RECIPE-ROUND.svg where it is a chart, .png where it is made of pixels.</summary>
    /// <param name="output">The folder.</param>
    /// <param name="recipe">The recipe that they come from.</param>
    /// <param name="round">After which round.</param>
    /// <param name="samples">In row-major order.</param>
    public abstract void Save(OutputFolder output, string recipe, int round, ReadOnlySpan<float> samples);

    /// <summary>The training of a recipe with what all have in common.</summary>
    private protected GanOptions TrainingOf(GanRecipe recipe) => recipe.Training with
    {
        LearningRate = LearningRate, DiscriminatorLearningRate = null, GeneratorOptimizer = null, DiscriminatorOptimizer = null,
        DiscriminatorSteps = 1, Beta1 = 0, Beta2 = 0.999,
    };
}

/// <summary>How many modes samples reach.</summary>
/// <param name="Covered">Modes with a sample.</param>
/// <param name="Modes">All modes.</param>
/// <param name="GoodShare">The share of samples that are near a mode, from 0 to 1; null where each sample counts for one.</param>
/// <param name="Divergence">KL(p || q) in nats of the shares of the modes from equal ones.</param>
public sealed record ModeCount(int Covered, int Modes, double? GoodShare, double Divergence);

/// <summary>A <see cref="GaussianMixture"/>, by fully connected networks with three hidden layers.</summary>
/// <param name="mixture">The data.</param>
/// <param name="hidden">Units of a hidden layer.</param>
public sealed class PlaneModeTask(GaussianMixture mixture, int hidden) : ModeTask
{
    private const int Latent = 2, Layers = 3, PicturePoints = 1000;

    private readonly GaussianMixture _mixture = mixture ?? throw new ArgumentNullException(nameof(mixture));

    // Both networks see the plane with its outermost modes at 1.
    private readonly double _extent = mixture.Centers.Max(center => Math.Max(Math.Abs(center.X), Math.Abs(center.Y)));

    /// <inheritdoc/>
    public override IReadOnlyList<string> Recipes { get; } =
        ["gan", "saturating", "lsgan", "wgan-clip", "wgan-gp", "spectral", "minibatch", "pacgan2", "r1", "r3gan"];

    /// <inheritdoc/>
    public override double LearningRate => 2e-3;

    /// <inheritdoc/>
    public override int PublishedSamples => 2500;

    /// <inheritdoc/>
    public override float[] Draw(int count, RandomStream random) => _mixture.Sample(count, random);

    /// <inheritdoc/>
    public override Shape ShapeOf(int count) => [count, 2];

    /// <inheritdoc/>
    public override Gan Make(string recipe, ModuleOptions options)
    {
        // Penalties in the plane: 0.1 as in the toys of WGAN-GP, less where the scores are logits.
        GanRecipe made = GanRecipe.Of(recipe, penalty: recipe is "r1" or "r3gan" ? 0.03 : 0.1);
        Func<Module, Module> around = made.Around(options) ?? (layer => layer);
        List<Module> generator = [], discriminator = [new Scaling(1 / _extent)];
        if (made.SeesBatch) discriminator.Add(new MinibatchStandardDeviation());
        int seen = (2 * made.Training.Packing) + (made.SeesBatch ? 1 : 0);
        for (int layer = 0; layer < Layers; layer++)
        {
            generator.AddRange(new Linear(layer == 0 ? Latent : hidden, hidden, options), new Relu());
            discriminator.AddRange(around(new Linear(layer == 0 ? seen : hidden, hidden, options)), new LeakyRelu(0.2));
        }

        generator.AddRange(new Linear(hidden, 2, options), new Scaling(_extent));
        discriminator.Add(around(new Linear(hidden, 1, options)));
        return new Gan(new Sequential([.. generator]), new Sequential([.. discriminator]), Latent, options, TrainingOf(made));
    }

    /// <inheritdoc/>
    public override ModeCount Count(ReadOnlySpan<float> samples)
    {
        ModeCoverage found = ModeCoverage.Of(_mixture, samples);
        return new ModeCount(found.Covered, _mixture.Centers.Count, found.GoodShare, found.Divergence);
    }

    /// <inheritdoc/>
    public override void Save(OutputFolder output, string recipe, int round, ReadOnlySpan<float> samples)
    {
        ArgumentNullException.ThrowIfNull(output);
        Chart chart = new() { Title = recipe, Width = 480, Height = 480 };
        chart.Scatter("samples", Coordinate(samples, 0), Coordinate(samples, 1))
            .Scatter("means", [.. _mixture.Centers.Select(center => center.X)], [.. _mixture.Centers.Select(center => center.Y)]);
        output.Save($"{recipe}-{round:000}.svg", chart, $"{recipe}: samples, and the means of the data");
    }

    private static double[] Coordinate(ReadOnlySpan<float> points, int axis)
    {
        double[] values = new double[Math.Min(points.Length / 2, PicturePoints)];
        for (int i = 0; i < values.Length; i++) values[i] = points[(2 * i) + axis];
        return values;
    }
}

/// <summary><see cref="StackedDigits"/>, by a <see cref="Dcgan"/>.</summary>
/// <param name="stacked">The data, [images, 28, 28, 3].</param>
/// <param name="classifier">What tells the digits of samples.</param>
/// <param name="width">The width of the convolutions.</param>
public sealed class StackedModeTask(ImageDataset stacked, DigitClassifier classifier, int width) : ModeTask
{
    private const int Latent = 100, Side = Dcgan.Side, Shown = 64;

    private readonly ImageDataset _stacked = stacked ?? throw new ArgumentNullException(nameof(stacked));

    /// <inheritdoc/>
    public override IReadOnlyList<string> Recipes { get; } = ["gan", "pacgan2", "r3gan"];

    /// <inheritdoc/>
    public override double LearningRate => 2e-4;

    /// <inheritdoc/>
    public override int PublishedSamples => 26_000;

    /// <inheritdoc/>
    public override float[] Draw(int count, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        float[] images = new float[count * _stacked.ImageLength], which = random.Uniform(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> image = _stacked.Image(Math.Min((int)(which[i] * _stacked.Count), _stacked.Count - 1));
            for (int p = 0; p < image.Length; p++) images[(i * image.Length) + p] = (image[p] / 127.5f) - 1;
        }

        return images;
    }

    /// <inheritdoc/>
    public override Shape ShapeOf(int count) => [count, Side, Side, 3];

    /// <inheritdoc/>
    public override Gan Make(string recipe, ModuleOptions options)
    {
        GanRecipe made = GanRecipe.Of(recipe);
        int channels = (3 * made.Training.Packing) + (made.SeesBatch ? 1 : 0);
        Module judge = Dcgan.Critic(options, width, made.Around(options), channels);
        if (made.SeesBatch) judge = new Sequential(new MinibatchStandardDeviation(), judge);
        return new Gan(Dcgan.Generator(options, Latent, width, channels: 3), judge, Latent, options, TrainingOf(made));
    }

    /// <inheritdoc/>
    public override ModeCount Count(ReadOnlySpan<float> samples)
    {
        StackedModes modes = new(classifier);
        modes.Add(samples);
        return new ModeCount(modes.Covered, StackedDigits.Modes, null, modes.Divergence);
    }

    /// <inheritdoc/>
    public override void Save(OutputFolder output, string recipe, int round, ReadOnlySpan<float> samples)
    {
        ArgumentNullException.ThrowIfNull(output);
        int length = Side * Side * 3;
        Picture picture = new ImageGrid().Draw(samples[..(Math.Min(Shown, samples.Length / length) * length)], Side, Side, 3);
        output.Save($"{recipe}-{round:000}.png", picture, $"{recipe}: samples");
    }
}

/// <summary>Multiplies by a constant.</summary>
internal sealed class Scaling(double factor) : Module
{
    /// <inheritdoc/>
    public override Autograd.Tensor Forward(Autograd.Tensor x) => factor == 1 ? x : factor * x;
}
