namespace Engine.Kernels.Flows.Host;

/// <summary>
/// Row after row, all columns at once: x_i = (b_i - sum over the rows solved of a_ij x_j) / a_ii. Matrices are small: one thread.
/// </summary>
internal readonly unsafe record struct HostTriangularSolve(
    Storage A, Storage B, int N, int M, int RowStep, int ColumnStep, bool IsForward, bool UnitDiagonal, Storage X) : IVectorWork
{
    void IVectorWork.Run<T, V>(CpuDevice cpu)
    {
        T* matrix = A.Pointer<T>();
        Span<T> solution = new(X.Pointer<T>(), X.Length);
        if (!ReferenceEquals(B, X)) new Span<T>(B.Pointer<T>(), B.Length).CopyTo(solution);
        for (int step = 0; step < N; step++)
        {
            int i = IsForward ? step : N - 1 - step;
            Span<T> row = solution.Slice(i * M, M);
            for (int before = 0; before < step; before++)
            {
                int j = IsForward ? before : N - 1 - before;
                T factor = matrix[(i * RowStep) + (j * ColumnStep)];
                Span<T> solved = solution.Slice(j * M, M);
                for (int k = 0; k < row.Length; k++) row[k] -= factor * solved[k];
            }

            if (UnitDiagonal) continue;
            T diagonal = matrix[(i * RowStep) + (i * ColumnStep)];
            for (int k = 0; k < row.Length; k++) row[k] /= diagonal;
        }
    }
}
