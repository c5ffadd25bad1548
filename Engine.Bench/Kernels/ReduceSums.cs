using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Reductions;

namespace Engine.Bench.Kernels;

/// <summary>Sums along the rows of a matrix, and down its columns.</summary>
public class ReduceSums : KernelBenchmark
{
    private Storage? _x, _y;

    /// <summary>The extents of the matrix: a bias gradient of the GAN, and a matrix of 16 MiB.</summary>
    [Params("64x1024", "2048x2048")]
    public string Matrix { get; set; } = "";

    /// <summary>What is added up: each row, or each column.</summary>
    [Params("Rows", "Columns")]
    public string Each { get; set; } = "";

    internal override Work Work
    {
        get
        {
            long bytes = sizeof(float) * ((long)Rows * Columns + (Each == "Rows" ? Rows : Columns));
            return Work.Bytes(bytes, bytes);
        }
    }

    private int Rows => int.Parse(Matrix.Split('x')[0]);

    private int Columns => int.Parse(Matrix.Split('x')[1]);

    private protected override void Call() => Reduce.Sum(_x!, new Shape(Rows, Columns), Each == "Rows" ? [1] : [0], _y!);

    private protected override void Prepare()
    {
        _x = Random(Rows * Columns);
        _y = Empty(Each == "Rows" ? Rows : Columns);
    }

    private protected override void Check()
    {
        double[] sums = new double[_y!.Length];
        ReadOnlySpan<float> x = _x!.AsSpan<float>();
        for (int i = 0; i < x.Length; i++) sums[Each == "Rows" ? i / Columns : i % Columns] += x[i];
        CheckEach(_y, i => sums[i], 1e-4);
    }
}
