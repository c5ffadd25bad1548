using BenchmarkDotNet.Attributes;
using Engine.Kernels.Gemm;

namespace Engine.Bench.Kernels;

/// <summary>C = A B with square matrices.</summary>
public class MatMulSquare : MatMulBenchmark
{
    /// <summary>Rows and columns.</summary>
    [Params(256, 512, 1024, 2048)]
    public int Size { get; set; }

    private protected override MatMulShape Product => new(Size, Size, Size);
}
