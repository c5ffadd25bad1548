using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Models.Adversarial;

namespace Engine.Bench.Steps;

/// <summary>One step of a GAN's discriminator and one of its generator, at a batch of 64.</summary>
internal sealed class GanStep : ITrainingStep
{
    private const int Batch = 64, Latent = 100, Pixels = 784;
    private readonly BatchPool _images = new(Batch * Pixels, -1);
    private readonly Shape _shape;
    private readonly Gan _gan;

    private GanStep(Shape shape, Gan gan) => (_shape, _gan) = (shape, gan);

    /// <summary>The fully connected networks of docs/lessons/gan.cs.</summary>
    internal static GanStep FullyConnected(Device device)
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
        GanOptions training = new() { Objective = new NonSaturatingObjective { FromProbabilities = true } };
        return new GanStep([Batch, Pixels], new Gan(generator, discriminator, Latent, options, training));
    }

    /// <summary>The networks of docs/lessons/dcgan.cs, with the convolutional discriminator.</summary>
    internal static GanStep Convolutional(Device device)
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, device);
        Gan gan = new(Dcgan.Generator(options, Latent), Dcgan.ConvolutionalDiscriminator(options), Latent, options);
        return new GanStep([Batch, Dcgan.Side, Dcgan.Side, 1], gan);
    }

    public double[] Step()
    {
        GanLosses losses = _gan.Step(_images.Next(), _shape);
        return [losses.Discriminator, losses.Generator];
    }

    public void Dispose() => _gan.Dispose();
}
