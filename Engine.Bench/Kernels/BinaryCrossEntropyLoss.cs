using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Losses;

namespace Engine.Bench.Kernels;

/// <summary>The binary cross-entropy of probabilities or logits, and its gradient.</summary>
public class BinaryCrossEntropyLoss : KernelBenchmark
{
    private const int Count = 128 * 784;
    private Storage? _g, _x, _t, _y;

    /// <summary>What the loss is computed from.</summary>
    [Params("Probabilities", "Logits")]
    public string From { get; set; } = "";

    /// <summary>The loss, or the gradient.</summary>
    [Params("Loss", "Gradient")]
    public string Pass { get; set; } = "";

    internal override Work Work
    {
        get
        {
            long bytes = (Pass == "Loss" ? 3L : 4L) * sizeof(float) * Count;
            return Work.Bytes(bytes, bytes);
        }
    }

    private protected override void Call()
    {
        if (From == "Probabilities" && Pass == "Loss") BinaryCrossEntropy.FromProbabilities(_x!, _t!, _y!);
        else if (From == "Probabilities") BinaryCrossEntropy.FromProbabilitiesGradient(_g!, _x!, _t!, _y!);
        else if (Pass == "Loss") BinaryCrossEntropy.FromLogits(_x!, _t!, _y!);
        else BinaryCrossEntropy.FromLogitsGradient(_g!, _x!, _t!, _y!);
    }

    private protected override void Prepare()
    {
        _g = Random(Count, -1, 1, 1);
        _x = From == "Probabilities" ? Random(Count, 0.01, 0.99, 2) : Random(Count, -4, 4, 2);
        _t = Random(Count, 0, 1, 3);
        _y = Empty(Count);
    }

    private protected override void Check()
    {
        float[] g = _g!.AsSpan<float>().ToArray();
        float[] x = _x!.AsSpan<float>().ToArray();
        float[] t = _t!.AsSpan<float>().ToArray();
        CheckEach(_y!, i =>
        {
            double p = From == "Probabilities" ? x[i] : 1 / (1 + Math.Exp(-x[i]));
            if (Pass == "Loss") return -(t[i] * Math.Log(p) + (1 - t[i]) * Math.Log(1 - p));
            return g[i] * (p - t[i]) / (From == "Probabilities" ? p * (1 - p) : 1);
        });
    }
}
