using BenchmarkDotNet.Attributes;
using Engine.Kernels;
using Engine.Kernels.Reductions;

namespace Engine.Bench.Kernels;

/// <summary>Means, and means with variances, along the rows of a matrix and down its columns.</summary>
public class ReduceMoments : KernelBenchmark
{
    private Storage? _x, _mean, _variance;

    /// <summary>The extents of the matrix: few long rows, 16 MiB, and many outputs.</summary>
    [Params("64x1024", "2048x2048", "262144x8")]
    public string Matrix { get; set; } = "";

    /// <summary>What is averaged: each row, or each column.</summary>
    [Params("Rows", "Columns")]
    public string Each { get; set; } = "";

    /// <summary>The means alone, or the variances with them.</summary>
    [Params("Mean", "Variance")]
    public string Of { get; set; } = "";

    internal override Work Work
    {
        get
        {
            long bytes = sizeof(float) * (long)Rows * Columns;
            return Work.Bytes(Of == "Mean" ? bytes : 2 * bytes, bytes);
        }
    }

    private int Rows => int.Parse(Matrix.Split('x')[0]);

    private int Columns => int.Parse(Matrix.Split('x')[1]);

    private protected override void Call()
    {
        ReadOnlySpan<int> axes = Each == "Rows" ? [1] : [0];
        if (Of == "Mean") Reduce.Mean(_x!, new Shape(Rows, Columns), axes, _mean!);
        else Reduce.Moments(_x!, new Shape(Rows, Columns), axes, _mean!, _variance!);
    }

    private protected override void Prepare()
    {
        _x = Random(Rows * Columns);
        int outputs = Each == "Rows" ? Rows : Columns;
        (_mean, _variance) = (Empty(outputs), Empty(outputs));
    }

    private protected override void Check()
    {
        ReadOnlySpan<float> x = _x!.AsSpan<float>();
        double[] means = new double[_mean!.Length], variances = new double[means.Length];
        double terms = x.Length / (double)means.Length;
        for (int i = 0; i < x.Length; i++) means[Output(i)] += x[i] / terms;
        for (int i = 0; i < x.Length; i++) variances[Output(i)] += Math.Pow(x[i] - means[Output(i)], 2) / terms;
        CheckEach(_mean, i => means[i], 1e-5);
        if (Of == "Variance") CheckEach(_variance!, i => variances[i], 1e-5);

        int Output(int i) => Each == "Rows" ? i / Columns : i % Columns;
    }
}
