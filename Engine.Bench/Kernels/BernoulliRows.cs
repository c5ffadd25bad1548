using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Likelihoods;

namespace Engine.Bench.Kernels;

/// <summary>
/// The log-likelihood of pixels under Bernoulli variables, summed over each image, and its gradient: 1000 images of 784 pixels, as
/// importance samples of fewer.
/// </summary>
public class BernoulliRows : KernelBenchmark
{
    private const int Rows = 1000, Pixels = 784;
    private Storage? _g, _logits, _x, _y;

    /// <summary>Samples that share an image.</summary>
    [Params(1, 50)]
    public int Samples { get; set; }

    /// <summary>The log-likelihood, or the gradient.</summary>
    [Params("Value", "Gradient")]
    public string Pass { get; set; } = "";

    internal override Work Work
    {
        get
        {
            long logits = (long)sizeof(float) * Rows * Pixels;
            long bytes = logits + (logits / Samples) + (Pass == "Value" ? 0 : logits);
            return Work.Bytes(bytes, bytes);
        }
    }

    private Shape Terms => [Samples, Rows / Samples, Pixels];

    private Shape Images => [Rows / Samples, Pixels];

    private protected override void Call()
    {
        if (Pass == "Value") BernoulliLogLikelihood.Rows(_logits!, Terms, _x!, Images, Terms, _y!);
        else BernoulliLogLikelihood.Gradient(_g!, Terms.With(-1, 1), _logits!, Terms, _x!, Images, _y!, Terms);
    }

    private protected override void Prepare()
    {
        _g = Random(Rows, -1, 1, 1);
        _logits = Random(Rows * Pixels, -4, 4, 2);
        _x = Random(Images.Count, 0, 1, 3);
        _y = Empty(Pass == "Value" ? Rows : Rows * Pixels);
    }

    private protected override void Check()
    {
        float[] g = _g!.AsSpan<float>().ToArray();
        float[] logits = _logits!.AsSpan<float>().ToArray();
        float[] x = _x!.AsSpan<float>().ToArray();
        if (Pass == "Gradient")
        {
            CheckEach(_y!, i => g[i / Pixels] * (x[i % x.Length] - (1 / (1 + Math.Exp(-logits[i])))));
            return;
        }

        double[] sums = new double[Rows];
        for (int i = 0; i < logits.Length; i++) sums[i / Pixels] += (x[i % x.Length] * logits[i]) - Math.Log(1 + Math.Exp(logits[i]));
        CheckEach(_y!, row => sums[row]);
    }
}
