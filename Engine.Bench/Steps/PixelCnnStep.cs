using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;

namespace Engine.Bench.Steps;

/// <summary>
/// A PixelCNN of plain masked convolutions at a batch of 32: 7 x 7 of type A to 64 channels, seven of type B, and one of 1 x 1 to the
/// logits.
/// </summary>
internal sealed class PixelCnnStep : ITrainingStep
{
    private const int Batch = 32, Side = 28, Channels = 64, Layers = 7;
    private readonly BatchPool _images = new(Batch * Side * Side, 0, isBinary: true);
    private readonly Device _device;
    private readonly Sequential _network;
    private readonly Adam _optimizer;

    internal PixelCnnStep(Device device, int kernel)
    {
        _device = device;
        ModuleOptions options = ModuleOptions.FromSeed(1, device);
        List<Module> layers = [new MaskedConv2d(1, Channels, 7, ConvMask.A, options), new Relu()];
        for (int i = 0; i < Layers; i++) layers.AddRange([new MaskedConv2d(Channels, Channels, kernel, ConvMask.B, options), new Relu()]);
        _network = new Sequential([.. layers, new Conv2d(Channels, 1, 1, options)]);
        _optimizer = new Adam(_network.Parameters, 1e-3);
    }

    public double[] Step()
    {
        using Tape tape = new(_device);
        Tensor x = Tensor.From(_images.Next(), [Batch, Side, Side, 1]);
        Tensor loss = Loss.BinaryCrossEntropyFromLogits(_network.Forward(x), x);
        _optimizer.Step(tape.Gradients(loss, _network.Parameters));
        return [loss.Item()];
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
    }
}
