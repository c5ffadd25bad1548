using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Rows;

namespace Engine.Bench.Kernels;

/// <summary>Softmax over the rows of a matrix.</summary>
public class SoftmaxRows : KernelBenchmark
{
    private const int Rows = 1024;
    private Storage? _x, _y;

    /// <summary>The length of a row: classes, tokens, a vocabulary.</summary>
    [Params(10, 256, 4096)]
    public int Columns { get; set; }

    internal override Work Work => Work.Bytes(2L * sizeof(float) * Rows * Columns, 2L * sizeof(float) * Rows * Columns);

    private protected override void Call() => Softmax.Run(_x!, Rows, Columns, _y!);

    private protected override void Prepare()
    {
        _x = Random(Rows * Columns, -4, 4);
        _y = Empty(Rows * Columns);
    }

    private protected override void Check()
    {
        float[] x = _x!.AsSpan<float>().ToArray();
        double[] sums = new double[Rows];
        for (int i = 0; i < x.Length; i++) sums[i / Columns] += Math.Exp(x[i]);
        CheckEach(_y!, i => Math.Exp(x[i]) / sums[i / Columns]);
    }
}
