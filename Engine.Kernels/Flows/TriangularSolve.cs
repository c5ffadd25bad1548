using Engine.Kernels.Flows.Gpu;
using Engine.Kernels.Flows.Host;

namespace Engine.Kernels.Flows;

/// <summary>
/// Solves A X = B for a small triangular matrix A [n, n] and n rows B [n, m] by substitution, float32 or float64: what an invertible
/// 1x1 convolution needs for its inverse. The other triangle of A is not read.
/// </summary>
public static class TriangularSolve
{
    /// <summary>X with A X = B, or with A^T X = B.</summary>
    /// <param name="a">A, n x n.</param>
    /// <param name="b">B, n x m.</param>
    /// <param name="n">Rows and columns of A.</param>
    /// <param name="m">Columns of B.</param>
    /// <param name="lower">True where A is lower triangular, false where it is upper.</param>
    /// <param name="unitDiagonal">True to take the diagonal as ones, whatever A holds there.</param>
    /// <param name="transpose">True to solve with A^T.</param>
    /// <param name="x">Receives X, n x m; may be <paramref name="b"/>.</param>
    /// <exception cref="ArgumentException">Devices, types or lengths do not match.</exception>
    public static void Run(Storage a, Storage b, int n, int m, bool lower, bool unitDiagonal, bool transpose, Storage x)
    {
        const string Operation = "TriangularSolve";
        Device device = Arguments.Floating(
            Operation, (nameof(a), a, (long)n * n), (nameof(b), b, (long)n * m), (nameof(x), x, (long)n * m));
        if (x.Length == 0) return;

        // A^T is triangular the other way; an element of it is read with its indices exchanged.
        (int rowStep, int columnStep) = transpose ? (1, n) : (n, 1);
        bool isForward = lower != transpose;
        LaneDispatch.Run(
            device, a.DType, new HostTriangularSolve(a, b, n, m, rowStep, columnStep, isForward, unitDiagonal, x),
            new GpuTriangularSolve(a, b, n, m, rowStep, columnStep, isForward, unitDiagonal, x));
    }
}
