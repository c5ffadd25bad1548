using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Diffusion;
using Engine.Models.Flow;

namespace Engine.Models.Comparison;

/// <summary>
/// A contestant with one loss: Adam with gradients clipped to norm 1, and a moving average of the weights that samples and likelihoods are
/// taken from. All of them train alike.
/// </summary>
/// <param name="network">What is trained.</param>
/// <param name="size">The size of an image.</param>
/// <param name="options">Device and random stream.</param>
public abstract class LikelihoodContestant(Module network, ImageSize size, ModuleOptions options) : Contestant(size)
{
    private readonly Adam _adam = new(network.Parameters, 1e-3);
    private readonly ExponentialMovingAverage _average = new(network, 0.999, warmUp: true);

    /// <inheritdoc/>
    public override long ParameterCount => network.ParameterCount;

    /// <inheritdoc/>
    protected override Device Device { get; } = options.Device ?? Device.Default;

    /// <summary>The source of the randomness of training.</summary>
    protected RandomStream Random { get; } = options.Random;

    /// <inheritdoc/>
    public override void VisitState(StateVisitor visitor)
    {
        base.VisitState(visitor);
        visitor.Part("network", network);
        visitor.Part("adam", _adam);
        visitor.Part("average", _average);
        visitor.Random("random", Random);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _average.Dispose();
        _adam.Dispose();
        network.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The loss of a batch.</summary>
    /// <param name="images">[batch, height, width, channels] in [0, 1].</param>
    protected abstract Tensor Loss(Tensor images);

    /// <inheritdoc/>
    protected override double Train(ReadOnlySpan<float> images, Shape shape)
    {
        using Tape tape = new(Device);
        Tensor loss = Loss(Tensor.From(images, shape));
        Tensor[] gradients = tape.Gradients(loss, network.Parameters);
        GradientClipping.ByNorm(gradients, 1);
        _adam.Step(gradients);
        _average.Update();
        return loss.Item();
    }

    /// <summary>Computes with the average of the weights, and without dropout.</summary>
    /// <param name="function">What is computed.</param>
    protected T Averaged<T>(Func<T> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        using IDisposable used = _average.Use();
        network.Eval();
        try
        {
            return function();
        }
        finally
        {
            network.Train();
        }
    }
}

/// <summary>A <see cref="PixelCnn"/> of 256 levels: the exact likelihood, and a pass for each pixel of a sample.</summary>
/// <param name="model">The model.</param>
/// <param name="size">The size of an image.</param>
/// <param name="options">Device and random stream.</param>
public sealed class AutoregressiveContestant(PixelCnn model, ImageSize size, ModuleOptions options)
    : LikelihoodContestant(model, size, options)
{
    /// <inheritdoc/>
    public override string Family => "autoregressive";

    /// <inheritdoc/>
    public override string LikelihoodKind => "exact";

    /// <inheritdoc/>
    public override float[] Sample(int count, RandomStream random, CancellationToken cancellation = default) =>
        Averaged(() => Array.ConvertAll(model.Sample(Size.Of(count), random, cancellation: cancellation), x => (2 * x) - 1));

    /// <inheritdoc/>
    public override double? BitsPerDimension(ImageDataset test, RandomStream random, CancellationToken cancellation = default) =>
        Averaged(() => PixelCnnModel.BitsPerPixel(
            -model.LogLikelihood(test.ToFloats(0), Size.Of(test.Count), cancellation: cancellation).Average(), Size.Length));

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor images) => -model.LogLikelihood(images).Mean() / (Size.Length * Math.Log(2));
}

/// <summary>
/// A <see cref="DenoisingDiffusion"/> that predicts the noise of 1,000 steps: a bound of as many terms, samples in 50 steps of DDIM.
/// </summary>
/// <param name="unet">The network.</param>
/// <param name="size">The size of an image.</param>
/// <param name="options">Device and random stream.</param>
public sealed class DiffusionContestant(Unet unet, ImageSize size, ModuleOptions options) : LikelihoodContestant(unet, size, options)
{
    private const int Steps = 1000, SampleSteps = 50;

    // Each step's term is of so many images, which the steps take in turn: the sum over a thousand of them varies little.
    private const int ImagesForStep = 8;

    private readonly DenoisingDiffusion _model = new(unet, NoiseSchedule.Cosine(Steps));

    /// <inheritdoc/>
    public override string Family => "diffusion";

    /// <inheritdoc/>
    public override string LikelihoodKind => "bound";

    /// <inheritdoc/>
    public override float[] Sample(int count, RandomStream random, CancellationToken cancellation = default) =>
        Averaged(() => new DdimSampler(_model, SampleSteps).Sample(Size.Of(count), random, cancellation: cancellation));

    /// <inheritdoc/>
    public override double? BitsPerDimension(ImageDataset test, RandomStream random, CancellationToken cancellation = default) =>
        Averaged(() => _model.Bound(
            test.ToFloats(), Size.Of(test.Count), random, batch: ImagesForStep, cancellation: cancellation).Total);

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor images) => _model.Losses(images.Affine(2, -1), [], Random).Loss;
}

/// <summary>
/// A RealNVP: a density of continuous images, which with uniform noise bounds the probability of those of 256 levels; one pass for a
/// sample.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="size">The size of an image.</param>
/// <param name="options">Device and random stream.</param>
public sealed class FlowContestant(ImageFlow model, ImageSize size, ModuleOptions options) : LikelihoodContestant(model, size, options)
{
    /// <inheritdoc/>
    public override string Family => "flow";

    /// <inheritdoc/>
    public override string LikelihoodKind => "bound";

    /// <inheritdoc/>
    public override float[] Sample(int count, RandomStream random, CancellationToken cancellation = default) => Averaged(() =>
    {
        using Tape tape = new(Device, record: false);
        NormalizingFlow flow = model.Flow;
        Tensor latents = flow.Latents.Sample(new Shape([count, .. flow.LatentShape.ToArray()]), random);
        return Array.ConvertAll(model.Decode(latents, cancellation: cancellation), x => (2 * x) - 1);
    });

    /// <inheritdoc/>
    public override double? BitsPerDimension(ImageDataset test, RandomStream random, CancellationToken cancellation = default) =>
        Averaged(() => model.BitsOf(test.Pixels.ToArray(), 1, random, cancellation));

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor images) => model.Loss(images * 255, Random);
}
