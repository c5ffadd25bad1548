using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Gemm;

/// <summary>
/// Matrix products: C = activation(op(A) op(B) + bias), op being the matrix or its transpose.
/// Every element of C is one chain of fused multiply-adds over k = 0, 1, ..., K - 1, so on the host the result is the same to the bit for
/// any number of threads, any width of the vectors and any position in a larger matrix.
/// </summary>
public static class MatMul
{
    /// <summary>
    /// C = activation(op(A) op(B) + bias) or, with <paramref name="accumulate"/>, C = activation(C + op(A) op(B) + bias).
    /// </summary>
    /// <param name="a">A: [M, K], or [K, M] with <see cref="MatMulShape.TransposeA"/>; float or double.</param>
    /// <param name="b">B: [K, N], or [N, K] with <see cref="MatMulShape.TransposeB"/>.</param>
    /// <param name="c">
    /// C: [Batch, M, N]. It is written, and read too with <paramref name="accumulate"/>; it must not be A, B or the bias.
    /// </param>
    /// <param name="shape">The extents.</param>
    /// <param name="bias">[N], added to every row; null adds nothing.</param>
    /// <param name="activation">The function that is applied last.</param>
    /// <param name="accumulate">Adds to what C holds instead of replacing it.</param>
    /// <exception cref="ArgumentException">
    /// The storages are on different devices, hold different types or int, do not have the lengths that <paramref name="shape"/> requires,
    /// or C is one of the others; or an extent is negative.
    /// </exception>
    /// <exception cref="ObjectDisposedException">A storage was released.</exception>
    public static void Run(
        Storage a, Storage b, Storage c, in MatMulShape shape,
        Storage? bias = null, Activation activation = default, bool accumulate = false)
    {
        Device device = Check(a, b, c, shape, bias, activation);
        if (shape.LengthC == 0) return;
        if (device is CpuDevice cpu)
            LaneDispatch.OnHost(cpu, c.DType, new HostMatMul.Work(a, b, c, shape, bias, activation, accumulate));
        else if (!device.IsMeasuring) GpuMatMul.Run((GpuDevice)device, a, b, c, shape, bias, activation, accumulate);
    }

    internal const string Operation = "MatMul";

    /// <summary>Checks the arguments of <see cref="Run"/> and returns their device.</summary>
    internal static Device Check(Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias, Activation activation)
    {
        if (shape.M < 0 || shape.N < 0 || shape.K < 0 || shape.Batch < 0)
        {
            throw new ArgumentException(
                $"{Operation}: extents must not be negative, found M = {shape.M}, N = {shape.N}, K = {shape.K}, Batch = {shape.Batch}.");
        }

        if (shape.StrideA < 0 || shape.StrideB < 0)
        {
            throw new ArgumentException(
                $"{Operation}: batch strides must not be negative, found StrideA = {shape.StrideA}, StrideB = {shape.StrideB}.");
        }

        return ProductArguments.Check(
            Operation, shape, ("a", a, shape.LengthA), ("b", b, shape.LengthB), ("c", c, shape.LengthC), bias, shape.N, activation);
    }
}
