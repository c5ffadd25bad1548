#:project ../../Engine.Models
#:package Microsoft.ML.OnnxRuntime
#:property PublishAot=false

// Exports networks to ONNX files and holds what ONNX Runtime computes from them against the engine: dotnet run docs/onnx/check.cs. See
// ../onnx.md. The package of ONNX Runtime has native parts, 390 MB for all systems; nothing else in the repository needs it.
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Adversarial;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Diffusion;
using Engine.Models.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tensor = Engine.Autograd.Tensor;

const double Tolerance = 1e-4;
string folder = Directory.CreateTempSubdirectory("onnx-").FullName;
bool isEqual = true;
using Device device = Device.Open("cpu");
ModuleOptions options = ModuleOptions.FromSeed(1, device);
RandomStream random = new(2);
try
{
    Compare("DCGAN, generator", Dcgan.Generator(options, latent: 100, width: 16), [Normal(100)]);
    Compare("VAE, decoder", new Sequential(
        new Linear(20, 256, options), new Relu(), new Linear(256, 7 * 7 * 64, options), new Relu(), new Unflatten(7, 7, 64),
        new ConvTranspose2d(64, 32, 4, options, stride: 2, padding: 1), new Relu(),
        new ConvTranspose2d(32, 1, 4, options, stride: 2, padding: 1), new Sigmoid()), [Normal(20)]);
    Compare("PixelCNN", new PixelCnn(new PixelCnnSizes { Layers = 3, Features = 16 }, options), [Normal(14, 14, 1)]);
    GatedPixelCnn gated = new(new PixelCnnSizes { Layers = 3, Features = 16, Positions = (14, 14), Classes = 10 }, options);
    Compare("gated PixelCNN", gated, [Normal(14, 14, 1), Whole(10)], inputs => gated.Logits(inputs[0], inputs[1]));
    const int Steps = 1000;
    Unet unet = new(new UnetOptions { Width = 16, AttentionLevels = [1], Classes = 10 }, options);
    Compare("U-Net", unet, [Normal(28, 28, 1), Whole(Steps), Whole(10)], inputs => unet.Predict(inputs[0], inputs[1], Steps, inputs[2]));
    Compare("Transformer", new Transformer(new TransformerOptions(65) { Block = 32, Layers = 3, Width = 64 }, options), [Whole(65, 32)]);

    // Layers and operations that the networks above have not.
    Compare("layers of images", new Sequential(
        new Conv2d(2, 8, (3, 5), options, new Conv2dOptions(2, 2, 1, 2)), new GroupNorm(4, 8, options), new Elu(0.5),
        new MaxPool2d(3, 1, 1),
        new ConvTranspose2d(8, 6, (3, 4), options, new Conv2dOptions(3, 1), (2, 1)), new InstanceNorm(6, options), new AvgPool2d(3, 2, 1),
        new Upsample(2, UpsampleMode.Bilinear), new BatchNorm(6, options), new Tanh(), new Flatten(channelsFirst: true)),
        [Normal(9, 8, 2)]);
    Compare("layers of sequences", new Sequential(
        new Conv1d(3, 8, 3, options), new LayerNorm(8, options), new Gelu(), new Lstm(8, 6, options, layers: 2), new Gru(6, 5, options),
        new BatchNorm(5, options), new MultiHeadAttention(5, 1, options), new Softplus()), [Normal(11, 3)]);
    Compare("operations", new Flatten(), [Normal(5, 6), Normal(5, 6)], inputs => Operations(inputs[0], inputs[1]));
}
finally
{
    Directory.Delete(folder, recursive: true);
}

return isEqual ? 0 : 1;

// Elementwise, moving and reducing operations, all of which the sum depends on.
static Tensor Operations(Tensor x, Tensor y)
{
    Tensor positive = x.Square() + 0.5, bounded = x.Tanh() * 0.9;
    Tensor sum = positive.Log() + positive.Sqrt() + bounded.Exp() + x.Sin() + x.Cos() + x.Erf() + x.Abs() + x.Silu() + x.Gelu(true)
        + x.LeakyRelu(0.1) + x.Clamp(-1, 0.5) + x.Clamp(double.NegativeInfinity, 0.25) + (1 / positive) + (x / 3) + (2 - y)
        + positive.Pow(1.5) + x.Pow(3) + x.Pow(5) + positive.Pow(-2) + (x / positive) + Tensor.Maximum(x, y) + Tensor.Minimum(x, y)
        + Tensor.Where(x.Less(y), x, -y) + x.GreaterOrEqual(0.1) + x.NotEqual(y) + x.Equal(x);
    sum += Tensor.Concat(-1, x[.., .., 2..4], y.Slice(2, 1, 4)) + x.Pad(1, 1, 0)[.., ..^1] + x.CumSum(1);
    sum += x.Sum(1).Reshape(x.Shape[0], 1, 6) + x.Mean(2).Reshape(-1, 5, 1) + x.Max(-1).Reshape(-1, 5, 1) + y.Min(1).Reshape(-1, 1, 6)
        + x.Variance(2).Reshape(-1, 5, 1) + x.Norm(1).Reshape(-1, 1, 6) + x.LogSumExp(2).Reshape(-1, 5, 1);
    sum += x.ArgMax(2).OneHot(6) + x.Softmax() + y.LogSoftmax() + Tensor.Ones(x.Shape)
        + x.Mean(1, 2).Reshape(-1, 1, 1).BroadcastTo(x.Shape);
    Tensor square = x.MatMul(y, transposeOther: true).MatMul(x);
    return square + sum + x.MatMul(y, transposeThis: true)[.., ..5] + Tensor.Concat(2, x.TanhSigmoidGate(), y.GatedLinearUnit())
        + x.ConcatElu().Slice(2, 3, 6) + x.Attention(y, y, heads: 2, causal: true) + x.Permute(2, 0, 1).Permute(1, 2, 0);
}

// Inputs as a function of the number of samples
Func<int, Tensor> Normal(params int[] sample) => count => Tensor.Normal(new Shape([count, .. sample]), random);

Func<int, Tensor> Whole(int below, params int[] sample) => count =>
{
    Shape shape = new([count, .. sample]);
    return Tensor.From(Enumerable.Range(0, shape.Count).Select(i => (i * 37) % below).ToArray(), shape);
};

// Exports with one sample and compares with three.
void Compare(string name, Module module, Func<int, Tensor>[] inputs, Func<IReadOnlyList<Tensor>, Tensor>? forward = null)
{
    using Tape tape = new(device, record: false);
    Stir(module);
    forward ??= given => module.Forward(given[0]);
    string path = Path.Combine(folder, "model.onnx");
    module.ExportOnnx(path, given => [("output", forward(given))], [.. inputs.Select((input, i) => new OnnxInput($"input{i}", input(1)))]);

    using IDisposable evaluation = module.Evaluating();
    Tensor[] three = [.. inputs.Select(input => input(3))];
    float[] expected = forward(three).ToArray();
    using InferenceSession session = new(path);
    using var results = session.Run([.. three.Select((input, i) => Value($"input{i}", input))]);
    float[] found = [.. results[0].AsEnumerable<float>()];
    double largest = expected.Length == found.Length ? expected.Zip(found, (a, b) => Math.Abs((double)a - b)).Max() : double.NaN;
    isEqual &= largest < Tolerance;
    Console.WriteLine(
        $"{name}: {found.Length} numbers from {expected.Min():F2} to {expected.Max():F2}, largest difference {largest:E1}, "
        + $"{new FileInfo(path).Length / 1024} KB");
    module.Dispose();
}

static NamedOnnxValue Value(string name, Tensor tensor)
{
    int[] shape = tensor.Shape.ToArray();
    return tensor.DType == DType.Int32 ? NamedOnnxValue.CreateFromTensor(name, new DenseTensor<int>(tensor.ToInts(), shape))
        : NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(tensor.ToArray(), shape));
}

// Fresh networks begin with zeros, ones and identities, which would hide mistakes.
void Stir(Module module)
{
    foreach (Parameter parameter in module.Parameters)
    {
        float[] noise = Tensor.Normal(parameter.Shape, random, deviation: 0.1).ToArray();
        parameter.Set([.. parameter.ToArray().Zip(noise, (a, b) => a + b)]);
    }

    foreach ((string name, Tensor buffer) in module.NamedBuffers())
        if (name.EndsWith("running_mean", StringComparison.Ordinal)) buffer.Storage.CopyFrom<float>(
            Tensor.Normal(buffer.Shape, random, deviation: 0.3).ToArray());
        else if (name.EndsWith("running_var", StringComparison.Ordinal)) buffer.Storage.CopyFrom<float>(
            Tensor.Uniform(buffer.Shape, random, 0.5, 2).ToArray());
}
