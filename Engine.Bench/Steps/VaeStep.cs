using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;

namespace Engine.Bench.Steps;

/// <summary>
/// A variational autoencoder with 20 latent dimensions at a batch of 128: an encoder, its two heads, and a decoder that ends in logits.
/// </summary>
internal sealed class VaeStep : ITrainingStep
{
    private const int Batch = 128, Pixels = 784, Latent = 20;
    private readonly BatchPool _images = new(Batch * Pixels, 0);
    private readonly Device _device;
    private readonly RandomStream _random;
    private readonly Shape _shape;
    private readonly Sequential _encoder, _decoder;
    private readonly Linear _mean, _logVariance;
    private readonly Parameter[] _parameters;
    private readonly Adam _optimizer;

    private VaeStep(Device device, ModuleOptions options, Shape shape, Sequential encoder, int features, Sequential decoder)
    {
        (_device, _random, _shape, _encoder, _decoder) = (device, options.Random, shape, encoder, decoder);
        _mean = new Linear(features, Latent, options);
        _logVariance = new Linear(features, Latent, options);
        _parameters = [.. Parts.SelectMany(part => part.Parameters)];
        _optimizer = new Adam(_parameters, 1e-3);
    }

    private Module[] Parts => [_encoder, _mean, _logVariance, _decoder];

    /// <summary>784-400-20-400-784, ReLU.</summary>
    internal static VaeStep FullyConnected(Device device)
    {
        const int Hidden = 400;
        ModuleOptions options = ModuleOptions.FromSeed(1, device);
        Sequential encoder = new(new Linear(Pixels, Hidden, options), new Relu());
        Sequential decoder = new(new Linear(Latent, Hidden, options), new Relu(), new Linear(Hidden, Pixels, options));
        return new VaeStep(device, options, [Batch, Pixels], encoder, Hidden, decoder);
    }

    /// <summary>Convolutions of stride 2 to 14 x 14 x 32 and 7 x 7 x 64, and transposed ones back, ReLU.</summary>
    internal static VaeStep Convolutional(Device device)
    {
        const int Features = 7 * 7 * 64;
        ModuleOptions options = ModuleOptions.FromSeed(1, device);
        Sequential encoder = new(
            new Conv2d(1, 32, 3, options, stride: 2, padding: ConvPadding.Same), new Relu(),
            new Conv2d(32, 64, 3, options, stride: 2, padding: ConvPadding.Same), new Relu(), new Flatten());
        Sequential decoder = new(
            new Linear(Latent, Features, options), new Relu(), new Unflatten(7, 7, 64),
            new ConvTranspose2d(64, 64, 3, options, stride: 2, padding: ConvPadding.Same), new Relu(),
            new ConvTranspose2d(64, 32, 3, options, stride: 2, padding: ConvPadding.Same), new Relu(),
            new Conv2d(32, 1, 3, options, padding: ConvPadding.Same));
        return new VaeStep(device, options, [Batch, 28, 28, 1], encoder, Features, decoder);
    }

    public double[] Step()
    {
        using Tape tape = new(_device);
        Tensor x = Tensor.From(_images.Next(), _shape);
        Tensor h = _encoder.Forward(x);
        Tensor mean = _mean.Forward(h);
        Tensor logVariance = _logVariance.Forward(h);
        Tensor z = Sampling.Reparameterize(mean, logVariance, Tensor.Normal([Batch, Latent], _random));
        Tensor logits = _decoder.Forward(z);

        // -log p(x | z) summed over pixels and batch, and KL(q || N(0, 1)) = -1/2 sum(1 + log var - mean² - var)
        Tensor reconstruction = Loss.BinaryCrossEntropyFromLogits(logits, x, Reduction.Sum);
        Tensor divergence = KullbackLeibler.ToStandardGaussian(mean, logVariance, Reduction.Sum);
        Tensor loss = reconstruction + divergence;
        _optimizer.Step(tape.Gradients(loss, _parameters));
        return [loss.Item()];
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        foreach (Module part in Parts) part.Dispose();
    }
}
