namespace Engine.Kernels.Gemm;

/// <summary>
/// The extents of a matrix product C = op(A) op(B), or of a batch of them: op(A) is [M, K], op(B) is [K, N], C is [M, N]; all row-major.
/// </summary>
/// <param name="M">Rows of op(A) and of C.</param>
/// <param name="N">Columns of op(B) and of C.</param>
/// <param name="K">Columns of op(A) and rows of op(B): the extent that is summed over. 0 is allowed and makes every sum 0.</param>
/// <param name="TransposeA">False: A is stored as [M, K]. True: as [K, M].</param>
/// <param name="TransposeB">False: B is stored as [K, N]. True: as [N, K].</param>
/// <param name="Batch">How many products there are; C is [Batch, M, N].</param>
/// <param name="StrideA">Elements from one A to the next in a batch; 0 uses one A for all; null is M * K, one after the other.</param>
/// <param name="StrideB">Elements from one B to the next in a batch; 0 uses one B for all; null is K * N, one after the other.</param>
public readonly record struct MatMulShape(
    int M, int N, int K, bool TransposeA = false, bool TransposeB = false, int Batch = 1, int? StrideA = null, int? StrideB = null)
{
    /// <summary>The elements that A has to hold.</summary>
    public long LengthA => Length((long)M * K, StrideA);

    /// <summary>The elements that B has to hold.</summary>
    public long LengthB => Length((long)K * N, StrideB);

    /// <summary>The elements that C has to hold.</summary>
    public long LengthC => (long)M * N * Batch;

    /// <summary>The multiplications, and as many additions, of the whole product.</summary>
    public long MultiplyAdds => LengthC * K;

    /// <summary>The shape as <c>[64, 100] x [100, 256]</c>, with ^T behind an operand that is stored transposed.</summary>
    public override string ToString() => $"{(Batch == 1 ? "" : $"{Batch} * ")}{Matrix(M, K, TransposeA)} x {Matrix(K, N, TransposeB)}";

    private static string Matrix(int rows, int columns, bool transposed) => transposed ? $"[{columns}, {rows}]^T" : $"[{rows}, {columns}]";

    private long Length(long matrix, int? stride) => stride == 0 ? matrix : Batch == 0 ? 0 : ((Batch - 1) * (stride ?? matrix)) + matrix;
}
