using Engine.Kernels;
using Engine.Kernels.Gemm;

namespace Engine.Bench.Kernels;

/// <summary>
/// Freivalds' check of a matrix product: with a random vector r of +-1, C r must be A (B r). Plain loops in double, and every element of C
/// takes part, at the cost of three matrix-vector products.
/// </summary>
internal static class MatMulCheck
{
    /// <summary>Checks C = op(A) op(B) row by row.</summary>
    /// <param name="a">A, on the host.</param>
    /// <param name="b">B.</param>
    /// <param name="c">C.</param>
    /// <param name="shape">The product.</param>
    /// <param name="rounding">The relative error of each operand before it is multiplied.</param>
    /// <exception cref="InvalidOperationException">A row is further off than the rounding of its sums allows.</exception>
    internal static void Run(Storage a, Storage b, Storage c, MatMulShape shape, double rounding = 0)
    {
        (int m, int n, int k) = (shape.M, shape.N, shape.K);
        ReadOnlySpan<float> left = a.AsSpan<float>(), right = b.AsSpan<float>(), product = c.AsSpan<float>();
        Random random = new(7);
        double[] r = [.. Enumerable.Range(0, n).Select(_ => random.Next(2) == 0 ? -1.0 : 1.0)];
        double[] br = new double[k];
        for (int i = 0; i < k; i++)
            for (int j = 0; j < n; j++) br[i] += right[shape.TransposeB ? j * k + i : i * n + j] * r[j];

        // Each element of C is a chain of k roundings of numbers below 1, and n such errors of random sign come together.
        double tolerance = (4e-7 * k * Math.Sqrt(n)) + (4 * rounding * Math.Sqrt((double)k * n));
        for (int i = 0; i < m; i++)
        {
            double wanted = 0, found = 0;
            for (int j = 0; j < k; j++) wanted += left[shape.TransposeA ? j * m + i : i * k + j] * br[j];
            for (int j = 0; j < n; j++) found += product[i * n + j] * r[j];
            if (!(Math.Abs(found - wanted) <= tolerance))
                throw new InvalidOperationException($"MatMul {shape}: row {i} times a vector should be {wanted:R}, found {found:R}.");
        }
    }
}
