using Engine.Kernels;
using Engine.Kernels.Gemm;

namespace Engine.Bench.Kernels;

/// <summary>Matrix products, checked in time that grows with the square of the size.</summary>
public abstract class MatMulBenchmark : KernelBenchmark
{
    private Storage? _a, _b, _c;

    /// <inheritdoc/>
    internal override Work Work => Work.Flops(2.0 * Product.MultiplyAdds);

    private protected abstract MatMulShape Product { get; }

    private protected override void Call() => MatMul.Run(_a!, _b!, _c!, Product);

    private protected override void Prepare()
    {
        _a = Random((int)Product.LengthA, seed: 1);
        _b = Random((int)Product.LengthB, seed: 2);
        _c = Empty((int)Product.LengthC);
    }

    private protected override void Check() => MatMulCheck.Run(_a!, _b!, _c!, Product);
}
