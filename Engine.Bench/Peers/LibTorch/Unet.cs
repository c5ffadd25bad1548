using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;
using Network = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>
/// The U-Net of a denoising diffusion model: 32, 64 and 128 channels at 28 x 28, 14 x 14 and 7 x 7, attention in the middle.
/// </summary>
internal sealed class Unet : Module<Tensor, Tensor, Tensor>
{
    private const int Batch = 64, Groups = 8, Time = 128, Frequencies = 16, Steps = 1000;
    private readonly Network _time = Sequential(Linear(2 * Frequencies, Time), SiLU(), Linear(Time, Time));
    private readonly Network _input = Conv(1, 32), _half0 = Conv(32, 32, 2), _half1 = Conv(64, 64, 2);
    private readonly Residual _down0 = new(32, 32), _down1 = new(32, 64), _down2 = new(64, 128);
    private readonly Residual _middle1 = new(128, 128), _middle2 = new(128, 128);
    private readonly Network _attention = new PixelAttention(128);
    private readonly Residual _up2 = new(256, 128), _up1 = new(128, 64), _up0 = new(64, 32);
    private readonly Network _double2 = Conv(128, 64), _double1 = Conv(64, 32), _norm = Normalization(32), _output = Conv(32, 1);
    private readonly Tensor _frequencies = torch.exp(-Math.Log(10000) * arange(Frequencies, float32) / Frequencies);

    private Unet() : base("unet") => RegisterComponents();

    /// <summary>A step at a batch of 64: the squared error of the noise, at a random time for each image.</summary>
    internal static Func<double[]> Step(Way way)
    {
        Unet model = new();
        optim.Optimizer adam = optim.Adam(model.parameters(), 2e-4);
        Func<Tensor> images = TrainingSteps.Pool(() => way.Images(rand(Batch, 1, 28, 28) * 2 - 1));
        Tensor left = cumprod(1 - linspace(1e-4, 0.02, Steps), 0), signal = left.sqrt(), noise = (1 - left).sqrt();
        return () =>
        {
            Tensor x = images(), t = randint(0, Steps, [Batch], int64), e = randn_like(x);
            Tensor noisy = way.Images((signal[t].view(-1, 1, 1, 1) * x) + (noise[t].view(-1, 1, 1, 1) * e));
            adam.zero_grad();
            Tensor loss = F.mse_loss(model.forward(noisy, t), e);
            loss.backward();
            adam.step();
            return [loss.item<float>()];
        };
    }

    public override Tensor forward(Tensor x, Tensor t)
    {
        Tensor angles = t.to(float32).unsqueeze(1) * _frequencies;
        Tensor time = F.silu(_time.forward(cat([angles.sin(), angles.cos()], 1)));
        Tensor a0 = _down0.forward(_input.forward(x), time);
        Tensor a1 = _down1.forward(_half0.forward(a0), time);
        Tensor a2 = _down2.forward(_half1.forward(a1), time);
        Tensor h = _middle2.forward(_attention.forward(_middle1.forward(a2, time)), time);
        h = _up2.forward(cat([h, a2], 1), time);
        h = _up1.forward(cat([_double2.forward(Twice(h)), a1], 1), time);
        h = _up0.forward(cat([_double1.forward(Twice(h)), a0], 1), time);
        return _output.forward(F.silu(_norm.forward(h)));
    }

    private static Tensor Twice(Tensor x) => F.interpolate(x, scale_factor: [2, 2], mode: InterpolationMode.Nearest);

    private static Network Normalization(int channels)
    {
        // TorchSharp 0.107 leaves the weights as it found the memory.
        TorchSharp.Modules.GroupNorm norm = GroupNorm(Groups, channels);
        init.ones_(norm.weight!);
        init.zeros_(norm.bias!);
        return norm;
    }

    private static Network Conv(int inputs, int outputs, int stride = 1) => Conv2d(inputs, outputs, 3, stride: stride, padding: 1);

    /// <summary>Two convolutions after normalisations, told the time between them, and added to the input.</summary>
    private sealed class Residual : Module<Tensor, Tensor, Tensor>
    {
        private readonly Network _norm1, _conv1, _norm2, _conv2, _time, _skip;

        internal Residual(int inputs, int outputs) : base("residual")
        {
            (_norm1, _conv1, _time) = (Normalization(inputs), Conv(inputs, outputs), Linear(Time, outputs));
            (_norm2, _conv2) = (Normalization(outputs), Conv(outputs, outputs));
            _skip = inputs == outputs ? Identity() : Conv2d(inputs, outputs, 1);
            RegisterComponents();
        }

        public override Tensor forward(Tensor x, Tensor time)
        {
            Tensor h = _conv1.forward(F.silu(_norm1.forward(x))) + _time.forward(time).unsqueeze(2).unsqueeze(3);
            return _conv2.forward(F.silu(_norm2.forward(h))) + _skip.forward(x);
        }
    }

    /// <summary>Attention of every pixel to every other, with one head, added to the input.</summary>
    private sealed class PixelAttention : Network
    {
        private readonly Network _norm, _qkv, _out;

        internal PixelAttention(int channels) : base("attention")
        {
            (_norm, _qkv, _out) = (Normalization(channels), Conv2d(channels, 3 * channels, 1), Conv2d(channels, channels, 1));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            (long batch, long channels, long height, long width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3]);
            Tensor[] qkv = _qkv.forward(_norm.forward(x)).reshape(batch, 3, channels, height * width).unbind(1);
            Tensor weights = torch.softmax(bmm(qkv[0].transpose(1, 2), qkv[1]) / Math.Sqrt(channels), -1);
            return x + _out.forward(bmm(qkv[2], weights.transpose(1, 2)).reshape(batch, channels, height, width));
        }
    }
}
