using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Flows;
using Engine.Kernels.Gemm;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>
    /// X with A X = B, this being the triangular matrix A [n, n] and <paramref name="right"/> B [n, m]: by substitution, for small
    /// matrices. What A holds on the other side of its diagonal is not read.
    /// </summary>
    /// <param name="right">B: [n, m].</param>
    /// <param name="lower">True where A is lower triangular, false where it is upper.</param>
    /// <param name="unitDiagonal">True to take the diagonal as ones, whatever A holds there.</param>
    /// <param name="transpose">True to solve with A^T.</param>
    /// <returns>X: [n, m].</returns>
    /// <exception cref="ArgumentException">The shapes or types do not fit.</exception>
    public Tensor TriangularSolve(Tensor right, bool lower, bool unitDiagonal = false, bool transpose = false)
    {
        (Tensor a, Tensor b) = (this, right);
        if (a.Shape.Rank != 2 || b.Shape.Rank != 2 || a.Shape[0] != a.Shape[1] || a.Shape[0] != b.Shape[0])
            throw new ArgumentException(
                $"TriangularSolve: a matrix [n, n] and right sides [n, m] are needed, found {a.Shape} and {b.Shape}.");
        CheckType(nameof(TriangularSolve), right);
        Tape tape = Autograd.Tape.Open(nameof(TriangularSolve));
        Tensor x = tape.NewTensor(b.Shape, DType);
        Kernels.Flows.TriangularSolve.Run(a.Storage, b.Storage, a.Shape[0], b.Shape[1], lower, unitDiagonal, transpose, x.Storage);

        // dB = A^-T g, dA = -dB X^T; transposed where A is, and nothing where A is not read.
        Tensor OfRight(Tensor g) => a.TriangularSolve(g, lower, unitDiagonal, !transpose);
        return tape.Record(
            nameof(TriangularSolve),
            x,
            new Rule(a, g => -(Triangle(a.Shape[0], lower, unitDiagonal, a.DType)
                * (transpose ? x.MatMul(OfRight(g), false, true) : OfRight(g).MatMul(x, false, true)))),
            new Rule(b, OfRight));
    }

    /// <summary>Ones in a triangle of a square matrix, without its diagonal if that is not meant.</summary>
    internal static Tensor Triangle(int n, bool lower, bool withoutDiagonal, DType dtype)
    {
        double[] ones = new double[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) ones[(i * n) + j] = (lower ? j < i : j > i) || (i == j && !withoutDiagonal) ? 1 : 0;
        return dtype == DType.Float64 ? From(ones, [n, n]) : From(Array.ConvertAll(ones, v => (float)v), [n, n]);
    }
}
