using TorchSharp;
using static TorchSharp.torch;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>The training steps by name; networks, batches and optimisers are those of docs/benchmarks.md.</summary>
internal static class TrainingSteps
{
    private const int Batches = 8;

    /// <summary>A step that is ready to run, and gives its losses.</summary>
    /// <exception cref="ArgumentException">There is no model of that name.</exception>
    internal static Func<double[]> Make(string model, Way way)
    {
        Func<double[]> step = model switch
        {
            "gan" => Adversarial.FullyConnected(way),
            "dcgan" => Adversarial.Convolutional(way),
            "vae_mlp" => Vae.FullyConnected(way),
            "vae_conv" => Vae.Convolutional(way),
            "pixelcnn3" => PixelCnn.Step(way, 3),
            "pixelcnn7" => PixelCnn.Step(way, 7),
            "gpt" => Gpt.Step(),
            "ddpm" => Unet.Step(way),
            "realnvp784" => Couplings.Step(784, hidden: 512, batch: 64),
            "realnvp2d" => Couplings.Step(2, hidden: 128, batch: 256),
            _ => throw new ArgumentException($"there is no model '{model}'"),
        };
        return () =>
        {
            // What a step makes is given back at its end, not when the collector finds it.
            using DisposeScope scope = NewDisposeScope();
            return step();
        };
    }

    /// <summary>Whether a way differs from the others for a model: only images have an order, only cross-entropies two forms.</summary>
    internal static bool HasChoice(string model, Way way)
    {
        bool ofImages = model is "dcgan" or "vae_conv" or "pixelcnn3" or "pixelcnn7" or "ddpm";
        bool ofCrossEntropy = model is "gan" or "dcgan" or "vae_mlp" or "vae_conv" or "pixelcnn3" or "pixelcnn7";
        return (ofImages || !way.ChannelsLast) && (ofCrossEntropy || !way.FromLogits);
    }

    /// <summary>A few batches, used in turn.</summary>
    internal static Func<Tensor> Pool(Func<Tensor> draw)
    {
        Tensor[] batches = [.. Enumerable.Range(0, Batches).Select(_ => draw())];
        int next = 0;
        return () => batches[next++ % Batches];
    }
}
