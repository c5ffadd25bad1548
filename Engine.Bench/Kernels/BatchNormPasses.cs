using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Gemm;
using Engine.Kernels.Norms;

namespace Engine.Bench.Kernels;

/// <summary>Batch normalisation with a leaky ReLU behind it, as in DCGAN's generator at a batch of 64.</summary>
public class BatchNormPasses : KernelBenchmark
{
    private const double Slope = 0.2;
    private Storage? _x, _g, _gamma, _beta, _mean, _reciprocal, _dGamma, _dBeta, _y;

    /// <summary>Rows and channels: [64, 12544], [64, 14, 14, 128], [64, 28, 28, 64].</summary>
    [Params("64x12544", "12544x128", "50176x64")]
    public string Matrix { get; set; } = "";

    /// <summary>With the statistics of the batch, with given ones, or the gradients.</summary>
    [Params("Forward", "Evaluate", "Backward")]
    public string Pass { get; set; } = "";

    /// <summary>
    /// Of few rows a strip of channels stays in the cache between the sums and the outputs; otherwise the inputs are read twice.
    /// </summary>
    internal override Work Work
    {
        get
        {
            long array = (long)sizeof(float) * Rows * Channels;
            bool isStrip = Rows <= 256;
            return Pass switch
            {
                "Forward" => Work.Bytes((isStrip ? 2 : 3) * array, 2 * array),
                "Evaluate" => Work.Bytes(2 * array, 2 * array),
                _ => Work.Bytes((isStrip ? 3 : 5) * array, 3 * array),
            };
        }
    }

    private int Rows => int.Parse(Matrix.Split('x')[0]);

    private int Channels => int.Parse(Matrix.Split('x')[1]);

    private protected override void Call()
    {
        Activation activation = Activation.LeakyRelu(Slope);
        switch (Pass)
        {
            case "Forward": BatchNormalization.Forward(_x!, Rows, Channels, _gamma, _beta, 1e-5, activation, _mean!, _reciprocal!, _y!);
            break;
            case "Evaluate": BatchNormalization.Evaluate(_x!, Rows, Channels, _gamma, _beta, activation, _mean!, _reciprocal!, _y!); break;
            default: BatchNormalization.Backward(
                _g!, _x!, Rows, Channels, _gamma, _beta, activation, _mean!, _reciprocal!, true, _dGamma!, _dBeta!, _y!); break;
        }
    }

    private protected override void Prepare()
    {
        (_x, _g) = (Random(Rows * Channels, -1, 1, 1), Random(Rows * Channels, -1, 1, 2));
        (_gamma, _beta, _mean, _reciprocal) =
            (Random(Channels, 0.9, 1.1, 3), Random(Channels, -0.5, 0.5, 4), Random(Channels, -0.1, 0.1, 5), Random(Channels, 1, 2, 6));
        (_dGamma, _dBeta, _y) = (Empty(Channels), Empty(Channels), Empty(Rows * Channels));
        if (Pass == "Backward") BatchNormalization.Forward(
            _x, Rows, Channels, _gamma, _beta, 1e-5, Activation.LeakyRelu(Slope), _mean, _reciprocal, _y);
    }

    private protected override void Check()
    {
        float[] x = _x!.AsSpan<float>().ToArray(), g = _g!.AsSpan<float>().ToArray(), gamma = _gamma!.AsSpan<float>().ToArray(),
            beta = _beta!.AsSpan<float>().ToArray();
        float[] mean = _mean!.AsSpan<float>().ToArray(), reciprocal = _reciprocal!.AsSpan<float>().ToArray();
        if (Pass == "Forward") CheckStatistics(x, mean, reciprocal);
        if (Pass != "Backward")
        {
            CheckEach(_y!, i => Linear(i) > 0 ? Linear(i) : Slope * Linear(i), 1e-4);
            return;
        }

        double[] sum = new double[Channels], products = new double[Channels];
        for (int i = 0; i < x.Length; i++)
        {
            sum[i % Channels] += Before(i);
            products[i % Channels] += Before(i) * Normal(i);
        }

        CheckEach(_dBeta!, c => sum[c], 1e-4);
        CheckEach(_dGamma!, c => products[c], 1e-4);
        CheckEach(_y!, i => gamma[i % Channels] * reciprocal[i % Channels]
            * (Before(i) - ((sum[i % Channels] + (Normal(i) * products[i % Channels])) / Rows)), 1e-4);

        double Normal(int i) => (x[i] - (double)mean[i % Channels]) * reciprocal[i % Channels];

        // The kernel's own arithmetic at the kink, so that rounding cannot take another side.
        float Linear(int i) => MathF.FusedMultiplyAdd(
            x[i] - mean[i % Channels], gamma[i % Channels] * reciprocal[i % Channels], beta[i % Channels]);

        double Before(int i) => Linear(i) > 0 ? g[i] : Slope * g[i];
    }

    private void CheckStatistics(float[] x, float[] mean, float[] reciprocal)
    {
        double[] means = new double[Channels], variances = new double[Channels];
        for (int i = 0; i < x.Length; i++) means[i % Channels] += x[i] / (double)Rows;
        for (int i = 0; i < x.Length; i++) variances[i % Channels] += Math.Pow(x[i] - means[i % Channels], 2) / Rows;
        for (int c = 0; c < Channels; c++)
        {
            if (Math.Abs(mean[c] - means[c]) > 1e-6 || Math.Abs((reciprocal[c] * Math.Sqrt(variances[c] + 1e-5)) - 1) > 1e-5)
                throw new InvalidOperationException(
                    $"BatchNormPasses: channel {c} should have mean {means[c]:R} and variance {variances[c]:R}, found mean {mean[c]:R} "
                    + $"and 1 / deviation {reciprocal[c]:R}.");
        }
    }
}
