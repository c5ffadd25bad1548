namespace Engine.Kernels.Gemm.Host;

/// <summary><see cref="MatMul"/> on the host.</summary>
internal static unsafe class HostMatMul
{
    /// <summary>With fewer columns than this the product is computed transposed, so that vectors run along the rows.</summary>
    private const int NarrowColumns = 8;

    /// <summary>The product with vectors of a given type, which does not change the result.</summary>
    internal static void Run<TV, T>(
        CpuDevice device, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias, Activation activation, bool accumulate)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged
    {
        MatrixOperand<T> rowsOfA = new(
            a.Pointer<T>(), shape.TransposeA ? shape.M : shape.K, shape.StrideA ?? (nint)shape.M * shape.K, shape.TransposeA);
        MatrixOperand<T> columnsOfB = new(
            b.Pointer<T>(), shape.TransposeB ? shape.K : shape.N, shape.StrideB ?? (nint)shape.K * shape.N, !shape.TransposeB);
        T* target = c.Pointer<T>();
        T* biasElements = bias.PointerOrNull<T>();
        nint stride = shape.N, itemStride = (nint)shape.M * shape.N;
        if (shape.N < NarrowColumns && shape.M > shape.N)
        {
            // C^T = op(B)^T op(A)^T: the same sums in the same order.
            HostGemm<TV, T>.Run(device, new(shape.Batch, shape.N, shape.M, shape.K), columnsOfB, rowsOfA,
                new Output<T>(target, 1, stride, itemStride), new Bias<T>(biasElements, ofRows: true), activation, accumulate);
            return;
        }

        HostGemm<TV, T>.Run(device, new(shape.Batch, shape.M, shape.N, shape.K), rowsOfA, columnsOfB,
            new Output<T>(target, stride, 1, itemStride), new Bias<T>(biasElements, ofRows: false), activation, accumulate);
    }

    internal readonly struct Work(
        Storage a, Storage b, Storage c, MatMulShape shape, Storage? bias, Activation activation, bool accumulate)
        : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu) => HostMatMul.Run<V, T>(cpu, a, b, c, shape, bias, activation, accumulate);
    }
}
