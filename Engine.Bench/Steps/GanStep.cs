using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Models.Adversarial;

namespace Engine.Bench.Steps;

/// <summary>The GAN of docs/lessons/gan.cs at its batch of 64.</summary>
internal sealed class GanStep : ITrainingStep
{
    private const int Batch = 64, Latent = 100, Pixels = 784;
    private readonly BatchPool _images = new(Batch * Pixels, -1);
    private readonly Gan _gan;

    internal GanStep(Device device)
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, device);
        Sequential generator = new(
            new Linear(Latent, 256, options), new LeakyRelu(0.2),
            new Linear(256, 512, options), new LeakyRelu(0.2),
            new Linear(512, 1024, options), new LeakyRelu(0.2),
            new Linear(1024, Pixels, options), new Tanh());
        Sequential discriminator = new(
            new Linear(Pixels, 1024, options), new LeakyRelu(0.2), new Dropout(0.3, options),
            new Linear(1024, 512, options), new LeakyRelu(0.2), new Dropout(0.3, options),
            new Linear(512, 256, options), new LeakyRelu(0.2),
            new Linear(256, 1, options), new Sigmoid());
        _gan = new Gan(generator, discriminator, Latent, options, learningRate: 2e-4);
    }

    public double[] Step()
    {
        GanLosses losses = _gan.Step(_images.Next(), [Batch, Pixels]);
        return [losses.Discriminator, losses.Generator];
    }

    public void Dispose() => _gan.Dispose();
}
