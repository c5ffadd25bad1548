using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Norms;

namespace Engine.Bench.Kernels;

/// <summary>Layer normalisation of rows, and group normalisation of images in 32 groups.</summary>
public class GroupNormPasses : KernelBenchmark
{
    private Storage? _x, _g, _gamma, _beta, _mean, _reciprocal, _dGamma, _dBeta, _y;

    /// <summary>Rows of a transformer, short rows, and images of a diffusion model: images x positions x channels.</summary>
    [Params("1024x1x256", "8192x1x32", "32x256x64", "8x1024x128")]
    public string Images { get; set; } = "";

    /// <summary>The outputs, or the gradients.</summary>
    [Params("Forward", "Backward")]
    public string Pass { get; set; } = "";

    internal override Work Work
    {
        get
        {
            long array = (long)sizeof(float) * Count;
            return Pass == "Forward" ? Work.Bytes(2 * array, 2 * array) : Work.Bytes(3 * array, 3 * array);
        }
    }

    private bool IsLayer => Shape.Positions == 1;

    private GroupNormShape Shape
    {
        get
        {
            int[] extents = Array.ConvertAll(Images.Split('x'), int.Parse);
            return new(extents[0], extents[1], extents[2], extents[1] == 1 ? 1 : 32);
        }
    }

    private int Count => Shape.Images * Shape.Positions * Shape.Channels;

    private protected override void Call()
    {
        if (Pass == "Forward") Forward();
        else if (IsLayer) LayerNormalization.Backward(
            _g!, _x!, Shape.Images, Shape.Channels, _gamma, _mean!, _reciprocal!, _dGamma!, _dBeta!, _y!);
        else GroupNormalization.Backward(_g!, _x!, Shape, _gamma, _mean!, _reciprocal!, _dGamma!, _dBeta!, _y!);
    }

    private protected override void Prepare()
    {
        GroupNormShape shape = Shape;
        (_x, _g, _y) = (Random(Count, -1, 1, 1), Random(Count, -1, 1, 2), Empty(Count));
        (_gamma, _beta) = (Random(shape.Channels, 0.9, 1.1, 3), Random(shape.Channels, -0.5, 0.5, 4));
        (_mean, _reciprocal) = (Empty(shape.Images * shape.Groups), Empty(shape.Images * shape.Groups));
        (_dGamma, _dBeta) = (Empty(shape.Channels), Empty(shape.Channels));
        if (Pass == "Backward") Forward();
    }

    private protected override void Check()
    {
        GroupNormShape shape = Shape;
        int width = shape.GroupChannels, terms = shape.Positions * width;
        float[] x = _x!.AsSpan<float>().ToArray(), gamma = _gamma!.AsSpan<float>().ToArray(), beta = _beta!.AsSpan<float>().ToArray(),
            g = _g!.AsSpan<float>().ToArray();
        double[] means = new double[shape.Images * shape.Groups], squares = new double[means.Length];
        for (int i = 0; i < x.Length; i++) means[Group(i)] += x[i] / (double)terms;
        for (int i = 0; i < x.Length; i++) squares[Group(i)] += Math.Pow(x[i] - means[Group(i)], 2) / terms;
        if (Pass == "Forward")
        {
            CheckEach(_y!, i => (Normal(i) * gamma[i % shape.Channels]) + beta[i % shape.Channels], 1e-4);
            return;
        }

        double[] sums = new double[shape.Channels];
        for (int i = 0; i < x.Length; i++) sums[i % shape.Channels] += g[i] * Normal(i);
        CheckEach(_dGamma!, c => sums[c], 1e-3);

        int Group(int i) => (i / (shape.Positions * shape.Channels) * shape.Groups) + (i % shape.Channels / width);

        double Normal(int i) => (x[i] - means[Group(i)]) / Math.Sqrt(squares[Group(i)] + 1e-5);
    }

    private void Forward()
    {
        GroupNormShape shape = Shape;
        if (IsLayer) LayerNormalization.Forward(_x!, shape.Images, shape.Channels, _gamma, _beta, 1e-5, _mean!, _reciprocal!, _y!);
        else GroupNormalization.Forward(_x!, shape, _gamma, _beta, 1e-5, _mean!, _reciprocal!, _y!);
    }
}
