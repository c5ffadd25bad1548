using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Host;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Gemm;

public static unsafe partial class MatMul
{
    /// <summary>With fewer columns than this the product is computed transposed, so that vectors run along the rows.</summary>
    private const int NarrowColumns = 8;

    private static void RunOnHost(
        CpuDevice device, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias, Activation activation, bool accumulate)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (c.DType == DType.Float32 && wide) RunOnHost<Float512, float>(device, a, b, c, shape, bias, activation, accumulate);
        else if (c.DType == DType.Float32) RunOnHost<Float256, float>(device, a, b, c, shape, bias, activation, accumulate);
        else if (wide) RunOnHost<Double512, double>(device, a, b, c, shape, bias, activation, accumulate);
        else RunOnHost<Double256, double>(device, a, b, c, shape, bias, activation, accumulate);
    }

    /// <summary>The product on a chosen kind of vector: the result does not depend on which.</summary>
    internal static void RunOnHost<TV, T>(
        CpuDevice device, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias, Activation activation, bool accumulate)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged
    {
        MatrixOperand<T> rowsOfA = new(
            a.Pointer<T>(), shape.TransposeA ? shape.M : shape.K, shape.StrideA ?? (nint)shape.M * shape.K, shape.TransposeA);
        MatrixOperand<T> columnsOfB = new(
            b.Pointer<T>(), shape.TransposeB ? shape.K : shape.N, shape.StrideB ?? (nint)shape.K * shape.N, !shape.TransposeB);
        T* target = c.Pointer<T>();
        T* biasElements = bias is null ? null : bias.Pointer<T>();
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
}
