using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;

namespace Engine.Bench.Steps;

/// <summary>A variational autoencoder of fully connected layers, 784-400-20-400-784, at a batch of 128.</summary>
internal sealed class VaeStep : ITrainingStep
{
    private const int Batch = 128, Pixels = 784, Hidden = 400, Latent = 20;
    private readonly BatchPool _images = new(Batch * Pixels, 0);
    private readonly Device _device;
    private readonly RandomStream _random;
    private readonly Linear _encode, _mean, _logVariance, _decode, _draw;
    private readonly Parameter[] _parameters;
    private readonly Adam _optimizer;

    internal VaeStep(Device device)
    {
        _device = device;
        ModuleOptions options = ModuleOptions.FromSeed(1, device);
        _random = options.Random;
        _encode = new Linear(Pixels, Hidden, options);
        _mean = new Linear(Hidden, Latent, options);
        _logVariance = new Linear(Hidden, Latent, options);
        _decode = new Linear(Latent, Hidden, options);
        _draw = new Linear(Hidden, Pixels, options);
        _parameters = [.. Layers.SelectMany(layer => layer.Parameters)];
        _optimizer = new Adam(_parameters, 1e-3);
    }

    private Linear[] Layers => [_encode, _mean, _logVariance, _decode, _draw];

    public double[] Step()
    {
        using Tape tape = new(_device);
        Tensor x = Tensor.From(_images.Next(), [Batch, Pixels]);
        Tensor h = _encode.Forward(x, Activation.Relu);
        Tensor mean = _mean.Forward(h);
        Tensor logVariance = _logVariance.Forward(h);
        Tensor z = Sampling.Reparameterize(mean, logVariance, Tensor.Normal([Batch, Latent], _random));
        Tensor logits = _draw.Forward(_decode.Forward(z, Activation.Relu));

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
        foreach (Linear layer in Layers) layer.Dispose();
    }
}
