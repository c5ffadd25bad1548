using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;
using Network = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>Masked convolutions, 7 x 7 of type A and seven of type B; batches of 32 binary images.</summary>
internal static class PixelCnn
{
    private const int Batch = 32, Channels = 64;

    internal static Func<double[]> Step(Way way, int kernel)
    {
        List<Network> layers = [new Masked(1, 7, isFirst: true), ReLU(true)];
        for (int i = 0; i < 7; i++) layers.AddRange(new Masked(Channels, kernel, isFirst: false), ReLU(true));
        Network model = Sequential([.. layers, Conv2d(Channels, 1, 1)]);
        optim.Optimizer adam = optim.Adam(model.parameters(), 1e-3);
        Func<Tensor> images = TrainingSteps.Pool(() => way.Images((rand(Batch, 1, 28, 28) > 0.5).to(float32)));
        return () =>
        {
            Tensor x = images();
            adam.zero_grad();
            Tensor loss = way.CrossEntropy(model.forward(x), x);
            loss.backward();
            adam.step();
            return [loss.item<float>()];
        };
    }

    /// <summary>
    /// A convolution whose weight is multiplied by a mask: the pixels before the centre, and but in the first layer the centre itself.
    /// </summary>
    private sealed class Masked : Network
    {
        private readonly TorchSharp.Modules.Conv2d _conv;
        private readonly Tensor _mask;
        private readonly long _padding;

        internal Masked(int channels, int kernel, bool isFirst) : base("masked")
        {
            _padding = kernel / 2;
            _conv = Conv2d(channels, Channels, kernel, padding: _padding);
            _mask = ones(Channels, channels, kernel, kernel);
            _mask.index_put_(0, TensorIndex.Ellipsis, TensorIndex.Single(_padding), TensorIndex.Slice(_padding + (isFirst ? 0 : 1)));
            _mask.index_put_(0, TensorIndex.Ellipsis, TensorIndex.Slice(_padding + 1), TensorIndex.Colon);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x) =>
            F.conv2d(x, _conv.weight! * _mask, _conv.bias, padding: [_padding, _padding]);
    }
}
