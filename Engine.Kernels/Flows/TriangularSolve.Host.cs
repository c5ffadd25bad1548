using System.Numerics;

namespace Engine.Kernels.Flows;

public static unsafe partial class TriangularSolve
{
    /// <summary>
    /// Row after row, all columns at once: x_i = (b_i - sum over the rows solved of a_ij x_j) / a_ii. Matrices are small: one thread.
    /// </summary>
    private static void OnHost<T>(
        Storage a, Storage b, int n, int m, int rowStep, int columnStep, bool isForward, bool unitDiagonal, Storage x)
        where T : unmanaged, INumber<T>
    {
        T* matrix = a.Pointer<T>();
        Span<T> solution = new(x.Pointer<T>(), x.Length);
        if (!ReferenceEquals(b, x)) new Span<T>(b.Pointer<T>(), b.Length).CopyTo(solution);
        for (int step = 0; step < n; step++)
        {
            int i = isForward ? step : n - 1 - step;
            Span<T> row = solution.Slice(i * m, m);
            for (int before = 0; before < step; before++)
            {
                int j = isForward ? before : n - 1 - before;
                T factor = matrix[(i * rowStep) + (j * columnStep)];
                Span<T> solved = solution.Slice(j * m, m);
                for (int k = 0; k < m; k++) row[k] -= factor * solved[k];
            }

            if (unitDiagonal) continue;
            T diagonal = matrix[(i * rowStep) + (i * columnStep)];
            for (int k = 0; k < m; k++) row[k] /= diagonal;
        }
    }
}
