using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Likelihoods;
using Engine.Kernels.Mapping;
using Engine.Kernels.Rows;

namespace Engine.Bench.Kernels;

/// <summary>Gaussian log-likelihoods and divergences of 1000 rows of 200 elements, summed over each row, and a gradient.</summary>
public class GaussianTerms : KernelBenchmark
{
    private static readonly Shape s_shape = [1000, 200];
    private Storage? _x, _mean, _logVariance, _g, _y;

    /// <summary>The operation.</summary>
    [Params("Likelihood", "Divergence", "MeanGradient", "VarianceGradient", "Discretized")]
    public string Of { get; set; } = "";

    internal override Work Work
    {
        get
        {
            long bytes = (long)sizeof(float) * s_shape.Count
                * (Of.EndsWith("Gradient", StringComparison.Ordinal) ? 5 : Of == "Divergence" ? 4 : 3);
            return Work.Bytes(bytes, bytes);
        }
    }

    private protected override void Call()
    {
        Shape s = s_shape;
        switch (Of)
        {
            case "Likelihood": RowSum.Ternary(_x!, s, _mean!, s, _logVariance!, s, s, _y!, default(GaussianLogLikelihood)); break;
            case "Divergence":
                RowSum.Quaternary(_x!, s, _g!, s, _mean!, s, _logVariance!, s, s, _y!, default(DivergenceOfGaussians));
                break;
            case "MeanGradient":
                Map.Quaternary(_g!, s, _x!, s, _mean!, s, _logVariance!, s, _y!, s, default(GaussianMeanGradient));
                break;
            case "VarianceGradient":
                Map.Quaternary(_g!, s, _x!, s, _mean!, s, _logVariance!, s, _y!, s, default(GaussianLogVarianceGradient));
                break;
            default:
                RowSum.Ternary(_x!, s, _mean!, s, _logVariance!, s, s, _y!, new DiscretizedGaussian(new LevelBins(-1, 1, 256)));
                break;
        }
    }

    private protected override void Prepare()
    {
        (_x, _mean, _logVariance, _g) = (Random(s_shape.Count, -1, 1, 1), Random(s_shape.Count, -1, 1, 2),
            Random(s_shape.Count, -4, 1, 3), Random(s_shape.Count, -1, 1, 4));
        _y = Empty(Of.EndsWith("Gradient", StringComparison.Ordinal) ? s_shape.Count : s_shape[0]);
    }

    private protected override void Check()
    {
        float[] x = _x!.AsSpan<float>().ToArray(), m = _mean!.AsSpan<float>().ToArray(), v = _logVariance!.AsSpan<float>().ToArray(),
            g = _g!.AsSpan<float>().ToArray();
        double Square(int i) => Math.Pow(x[i] - (double)m[i], 2) * Math.Exp(-v[i]);
        Func<int, double>? term = Of switch
        {
            "Likelihood" => i => -0.5 * (Math.Log(2 * Math.PI) + v[i] + Square(i)),
            "Divergence" => i => 0.5 * (Square(i) + Math.Exp(g[i] - v[i]) - 1 - (g[i] - v[i])),
            "Discretized" => null,
            "MeanGradient" => i => g[i] * (x[i] - m[i]) * Math.Exp(-v[i]),
            _ => i => 0.5 * g[i] * (Square(i) - 1),
        };
        if (term is null) return;
        if (Of.EndsWith("Gradient", StringComparison.Ordinal)) CheckEach(_y!, term);
        else CheckEach(_y!, row => Enumerable.Range(row * s_shape[1], s_shape[1]).Sum(term));
    }
}
