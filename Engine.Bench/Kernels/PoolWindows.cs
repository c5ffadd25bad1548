using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Pool;

namespace Engine.Bench.Kernels;

/// <summary>Maxima and averages of 2 x 2 windows of images [64, 28, 28, 32], and their gradients.</summary>
public class PoolWindows : KernelBenchmark
{
    private static readonly PoolShape s_shape = new(64, 28, 28, 32, PoolWindow.Square(2));
    private Storage? _x, _y, _g, _dx, _positions;

    /// <summary>What is taken of a window.</summary>
    [Params("Maximum", "Average")]
    public string Of { get; set; } = "";

    /// <summary>The outputs, or the gradients.</summary>
    [Params("Forward", "Backward")]
    public string Pass { get; set; } = "";

    internal override Work Work
    {
        get
        {
            long bytes = sizeof(float) * (s_shape.LengthX + s_shape.LengthY);
            return Work.Bytes(bytes, bytes);
        }
    }

    private protected override void Call()
    {
        if (Pass == "Forward") Forward();
        else if (Of == "Maximum") MaxPool.Gradient(_g!, _positions!, s_shape, _dx!);
        else AveragePool.Gradient(_g!, s_shape, _dx!);
    }

    private protected override void Prepare()
    {
        (_x, _dx) = (Random((int)s_shape.LengthX), Empty((int)s_shape.LengthX));
        (_y, _g, _positions) =
            (Empty((int)s_shape.LengthY), Random((int)s_shape.LengthY, seed: 2), Empty((int)s_shape.LengthY));
        if (Pass == "Backward") Forward();
    }

    private protected override void Check()
    {
        float[] x = _x!.AsSpan<float>().ToArray(), g = _g!.AsSpan<float>().ToArray();
        if (Pass == "Forward")
        {
            CheckEach(_y!, i => Of == "Maximum" ? Window(i).Max() : Window(i).Average());
            return;
        }

        double sum = 0, wanted = g.Sum(value => (double)value);
        foreach (float value in _dx!.AsSpan<float>()) sum += value;
        if (Math.Abs(sum - wanted) > 1e-2)
            throw new InvalidOperationException($"PoolWindows: gradients should sum to {wanted}, found {sum}.");

        float[] Window(int i)
        {
            int channel = i % 32, column = i / 32 % 14, row = i / 32 / 14 % 14, image = i / 32 / 14 / 14;
            int first = (((((image * 28) + (2 * row)) * 28) + (2 * column)) * 32) + channel;
            return [x[first], x[first + 32], x[first + (28 * 32)], x[first + (29 * 32)]];
        }
    }

    private void Forward()
    {
        if (Of == "Maximum") MaxPool.Run(_x!, s_shape, _y!, _positions);
        else AveragePool.Run(_x!, s_shape, _y!);
    }
}
