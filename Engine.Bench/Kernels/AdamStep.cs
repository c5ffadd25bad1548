using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Optimizers;

namespace Engine.Bench.Kernels;

/// <summary>One step of Adam over a parameter.</summary>
public class AdamStep : KernelBenchmark
{
    private const double Rate = 1e-3, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;
    private Storage? _parameter, _mean, _square, _gradient;
    private float[] _before = [];

    /// <summary>Elements: the GAN's largest weight, and 16 MiB an array.</summary>
    [Params(784 * 1024, 1 << 22)]
    public int Count { get; set; }

    // Three arrays are read and written, the gradient is read.
    internal override Work Work => Work.Bytes(7L * sizeof(float) * Count, 4L * sizeof(float) * Count);

    private protected override void Call() =>
        AdamUpdate.Run([_parameter!], [_mean!], [_square!], [_gradient!], 1, Rate, Beta1, Beta2, Epsilon);

    private protected override void Prepare()
    {
        _parameter = Random(Count, seed: 1);
        _mean = Random(Count, seed: 2);
        _square = Random(Count, 0.1, 1, seed: 3);
        _gradient = Random(Count, seed: 4);
        _before = [.. _parameter.AsSpan<float>(), .. _mean.AsSpan<float>(), .. _square.AsSpan<float>()];
    }

    private protected override void Check()
    {
        float[] g = _gradient!.AsSpan<float>().ToArray();
        double Mean(int i) => Beta1 * _before[Count + i] + (1 - Beta1) * g[i];
        double Square(int i) => Beta2 * _before[2 * Count + i] + (1 - Beta2) * g[i] * g[i];
        CheckEach(_mean!, Mean);
        CheckEach(_square!, Square);
        CheckEach(_parameter!, i => _before[i] - Rate * (Mean(i) / (1 - Beta1)) / (Math.Sqrt(Square(i) / (1 - Beta2)) + Epsilon));
        _before = [];
    }
}
