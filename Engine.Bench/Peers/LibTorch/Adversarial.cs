using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Network = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>A step of a GAN's discriminator, on real and on generated samples, and one of its generator; batches of 64.</summary>
internal static class Adversarial
{
    private const int Batch = 64, Latent = 100;

    internal static Func<double[]> FullyConnected(Way way)
    {
        Network generator = Sequential(
            Linear(Latent, 256), LeakyReLU(0.2, true), Linear(256, 512), LeakyReLU(0.2, true), Linear(512, 1024), LeakyReLU(0.2, true),
            Linear(1024, 784), Tanh());
        Network discriminator = Sequential(
            Linear(784, 1024), LeakyReLU(0.2, true), Dropout(0.3), Linear(1024, 512), LeakyReLU(0.2, true), Dropout(0.3),
            Linear(512, 256), LeakyReLU(0.2, true), Linear(256, 1));
        return Step(way, generator, discriminator, TrainingSteps.Pool(() => rand(Batch, 784) * 2 - 1));
    }

    internal static Func<double[]> Convolutional(Way way)
    {
        Network generator = Sequential(
            Linear(Latent, 12544, hasBias: false), BatchNorm1d(12544), LeakyReLU(0.2, true), Unflatten(1, [256, 7, 7]), new Ordered(way),
            ConvTranspose2d(256, 128, 5, stride: 2, padding: 2, output_padding: 1, bias: false), BatchNorm2d(128), LeakyReLU(0.2, true),
            ConvTranspose2d(128, 64, 5, stride: 2, padding: 2, output_padding: 1, bias: false), BatchNorm2d(64), LeakyReLU(0.2, true),
            Conv2d(64, 1, 7, padding: 3), Tanh());
        Network discriminator = Sequential(
            Conv2d(1, 64, 5, stride: 2, padding: 2), LeakyReLU(0.2, true), Dropout(0.3),
            Conv2d(64, 128, 5, stride: 2, padding: 2), LeakyReLU(0.2, true), Dropout(0.3), Flatten(), Linear(6272, 1));
        return Step(way, generator, discriminator, TrainingSteps.Pool(() => way.Images(rand(Batch, 1, 28, 28) * 2 - 1)));
    }

    private static Func<double[]> Step(Way way, Network generator, Network discriminator, Func<Tensor> real)
    {
        optim.Optimizer ofGenerator = optim.Adam(generator.parameters(), 2e-4, 0.5);
        optim.Optimizer ofDiscriminator = optim.Adam(discriminator.parameters(), 2e-4, 0.5);
        Tensor one = ones(Batch, 1), zero = zeros(Batch, 1);
        return () =>
        {
            ofDiscriminator.zero_grad();
            Tensor onReal = way.CrossEntropy(discriminator.forward(real()), one);
            onReal.backward();
            Tensor fake = generator.forward(randn(Batch, Latent));
            Tensor onFake = way.CrossEntropy(discriminator.forward(fake.detach()), zero);
            onFake.backward();
            ofDiscriminator.step();

            // The discriminator's own gradients would be thrown away: they are not computed.
            foreach (TorchSharp.Modules.Parameter p in discriminator.parameters()) p.requires_grad = false;
            ofGenerator.zero_grad();
            Tensor passing = way.CrossEntropy(discriminator.forward(fake), one);
            passing.backward();
            ofGenerator.step();
            foreach (TorchSharp.Modules.Parameter p in discriminator.parameters()) p.requires_grad = true;
            return [onReal.item<float>() + onFake.item<float>(), passing.item<float>()];
        };
    }
}

/// <summary>Puts images into the order of memory that was chosen.</summary>
internal sealed class Ordered(Way way) : Network("ordered")
{
    public override Tensor forward(Tensor x) => way.Images(x);
}
