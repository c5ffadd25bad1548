using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;
using Engine.Models.Diffusion;

namespace Engine.Bench.Steps;

/// <summary>
/// A denoising diffusion model of images of 28 x 28 at a batch of 64: a U-Net of 32, 64 and 128 channels with attention at 7 x 7.
/// </summary>
internal sealed class DdpmStep : ITrainingStep
{
    private const int Batch = 64, Side = 28;
    private readonly BatchPool _images = new(Batch * Side * Side, -1);
    private readonly Device _device;
    private readonly RandomStream _random;
    private readonly Unet _network;
    private readonly DenoisingDiffusion _model;
    private readonly Adam _optimizer;

    private DdpmStep(Device device)
    {
        ModuleOptions options = ModuleOptions.FromSeed(1, device);
        (_device, _random) = (device, options.Random);
        _network = new Unet(new UnetOptions(), options);
        _model = new DenoisingDiffusion(_network, NoiseSchedule.Linear());
        _optimizer = new Adam(_network.Parameters, 2e-4);
    }

    internal static DdpmStep Make(Device device) => new(device);

    public double[] Step()
    {
        using Tape tape = new(_device);
        Tensor loss = _model.Losses(Tensor.From(_images.Next(), [Batch, Side, Side, 1]), [], _random).Loss;
        _optimizer.Step(tape.Gradients(loss, _network.Parameters));
        return [loss.Item()];
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
    }
}
