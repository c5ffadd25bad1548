using System.Globalization;

namespace Engine.Tests.Checkpoints;

public sealed class ConvolutionWeightsTests : IsolatedTests
{
    /// <summary>
    /// What PyTorch makes of an image [1, 4, 4, 5] with the elements (2 i) mod 5 - 1: Conv2d(4, 6, (2, 3), stride=2, padding=1, groups=2),
    /// ConvTranspose2d(6, 4, (3, 2), stride=2, padding=1, groups=2) and BatchNorm2d(4, eps=0.25) in evaluation, whose weights are (3 i) mod
    /// 7 - 3, its other parameters and means (3 i) mod 5 - 1, and its variances those below. In the order of NHWC; every number in between
    /// is a small whole one.
    /// </summary>
    private const string Expected =
        """
        -2 -5 0 6 -3 -4 0 9 10 4 0 -13 12 2 0 11 0 -6 0 6 -67 -12 0 52 14 68 0 -34 -44 -2 0 23 5 18 0 6 31 3 0 46
        -6 -30 0 -18 28 4 0 41 8 0 0 -2 -41 8 0 50 -19 42 0 -26 -34 4 0 25 5 16 0 -1 42 11 0 48 -18 -41 0 -6 24 6 0 41
        """;

    [Fact]
    public void Convolutions_with_weights_of_PyTorch_compute_what_PyTorch_computes()
    {
        string path = Folder["model.safetensors"];
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        using Sequential model = new(
            new Engine.Autograd.Nn.Conv2d(4, 6, (2, 3), options, new Conv2dOptions(2, 1, 1, 2)),
            new Engine.Autograd.Nn.ConvTranspose2d(6, 4, (3, 2), options, new Conv2dOptions(2, 1, 1, 2)),
            new BatchNorm(4, options, epsilon: 0.25));
        float[] kernel = Ramp(72, 7, 3);
        new SafetensorsWriter()
            .Add<float>("0.weight", kernel, [6, 2, 2, 3]).Add<float>("0.bias", Ramp(6, 5, 1))
            .Add<float>("1.weight", kernel, [6, 2, 3, 2]).Add<float>("1.bias", Ramp(4, 5, 1))
            .Add<float>("2.weight", Ramp(4, 5, 1)).Add<float>("2.bias", Ramp(4, 5, 1))
            .Add<float>("2.running_mean", Ramp(4, 5, 1)).Add<float>("2.running_var", new[] { 0.75f, 3.75f, 2, 8.75f })
            .Add<long>("2.num_batches_tracked", new long[1], Shape.Scalar)
            .Save(path);
        model.LoadSafetensors(path, WeightLayout.PyTorch);
        model.Eval();

        using Tape tape = new(Cpu, record: false);
        Tensor image = Tensor.From([.. Enumerable.Range(0, 80).Select(i => (float)((2 * i % 5) - 1))], [1, 4, 4, 5]).Permute(0, 2, 3, 1);
        Tensor result = model.Forward(image);
        Assert.Equal(new Shape(1, 5, 4, 4), result.Shape);
        double[] expected = [.. Expected.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(x => double.Parse(x, CultureInfo.InvariantCulture))];
        Near(expected, result, 1e-4);
    }

    private static float[] Ramp(int count, int modulus, int offset) =>
        [.. Enumerable.Range(0, count).Select(i => (float)((3 * i % modulus) - offset))];
}
