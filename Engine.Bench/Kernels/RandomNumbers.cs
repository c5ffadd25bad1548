using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Bench.Kernels;

/// <summary>Philox numbers, and dropout, which makes its mask from them.</summary>
public class RandomNumbers : KernelBenchmark
{
    private const ulong Key = 42;
    private const float P = 0.3f;
    private Storage? _x, _y;

    /// <summary>The kernel.</summary>
    [Params("Uniform", "Normal", "Bernoulli", "Dropout")]
    public string Kernel { get; set; } = "";

    /// <summary>Elements.</summary>
    [Params(1 << 16, 1 << 22)]
    public int Count { get; set; }

    internal override Work Work
    {
        get
        {
            long bytes = (Kernel == "Dropout" ? 2L : 1L) * sizeof(float) * Count;
            return Work.Bytes(bytes, bytes);
        }
    }

    private protected override void Call()
    {
        switch (Kernel)
        {
            case "Uniform": RandomUniform.Run(_y!, 0, 1, Key, 0); break;
            case "Normal": RandomNormal.Run(_y!, 0, 1, Key, 0); break;
            case "Bernoulli": RandomBernoulli.Run(_y!, P, Key, 0); break;
            default: RandomDropout.Run(_x!, _y!, P, Key, 0); break;
        }
    }

    private protected override void Prepare()
    {
        _x = Kernel == "Dropout" ? Random(Count) : null;
        _y = Empty(Count);
    }

    private protected override void Check()
    {
        float[]? x = _x?.AsSpan<float>().ToArray();
        CheckEach(_y!, Kernel switch
        {
            "Uniform" => Uniform,
            "Normal" => Normal,
            "Bernoulli" => i => Uniform(i) < P ? 1 : 0,
            _ => i => Uniform(i) >= P ? x![i] / (1 - (double)P) : 0,
        });
    }

    private static double Uniform(int i) => (Philox.Word(Key, (ulong)i) >> 8) * Math.Pow(2, -24);

    private static double Normal(int i)
    {
        // Box and Muller: numbers sixteen apart are a pair, cosine and sine of one angle; half a step keeps the logarithm from 0. The
        // uniform number is rounded to float32 as the kernel does: near 1 the logarithm makes much of that.
        int first = i & ~Philox.BlocksInGroup;
        float u = ((float)(double)Philox.Word(Key, (ulong)first) + 0.5f) * (1f / 65536 / 65536);
        double radius = Math.Sqrt(-2 * Math.Log(u));
        double angle = 2 * Math.PI * ((Philox.Word(Key, (ulong)(first + Philox.BlocksInGroup)) >> 9) + 0.5) * Math.Pow(2, -23);
        return radius * (i == first ? Math.Cos(angle) : Math.Sin(angle));
    }
}
