using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;
using Network = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>A variational autoencoder of 20 latent dimensions; batches of 128, cross-entropy summed, plus the divergence.</summary>
internal static class Vae
{
    private const int Batch = 128, Latent = 20;

    internal static Func<double[]> FullyConnected(Way way) => Step(
        way, 400, Sequential(Linear(784, 400), ReLU(true)), Sequential(Linear(Latent, 400), ReLU(true), Linear(400, 784)),
        TrainingSteps.Pool(() => rand(Batch, 784)));

    internal static Func<double[]> Convolutional(Way way) => Step(
        way, 3136,
        Sequential(
            Conv2d(1, 32, 3, stride: 2, padding: 1), ReLU(true), Conv2d(32, 64, 3, stride: 2, padding: 1), ReLU(true), Flatten()),
        Sequential(
            Linear(Latent, 3136), ReLU(true), Unflatten(1, [64, 7, 7]), new Ordered(way),
            ConvTranspose2d(64, 64, 3, stride: 2, padding: 1, output_padding: 1), ReLU(true),
            ConvTranspose2d(64, 32, 3, stride: 2, padding: 1, output_padding: 1), ReLU(true), Conv2d(32, 1, 3, padding: 1)),
        TrainingSteps.Pool(() => way.Images(rand(Batch, 1, 28, 28))));

    private static Func<double[]> Step(Way way, int features, Network encode, Network decode, Func<Tensor> images)
    {
        Network toMean = Linear(features, Latent), toLogVariance = Linear(features, Latent);
        optim.Optimizer adam = optim.Adam(new[] { encode, toMean, toLogVariance, decode }.SelectMany(part => part.parameters()), 1e-3);
        return () =>
        {
            Tensor x = images();
            adam.zero_grad();
            Tensor h = encode.forward(x), mean = toMean.forward(h), logVariance = toLogVariance.forward(h);
            Tensor z = mean + (randn_like(mean) * exp(0.5 * logVariance));
            Tensor loss = way.CrossEntropy(decode.forward(z), x, Reduction.Sum)
                - (0.5 * (1 + logVariance - mean.square() - logVariance.exp()).sum());
            loss.backward();
            adam.step();
            return [loss.item<float>()];
        };
    }
}
