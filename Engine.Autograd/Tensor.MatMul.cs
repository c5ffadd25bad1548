using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Flows;
using Engine.Kernels.Gemm;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>
    /// The matrix product over the two innermost axes: [..., M, K] x [..., K, N] = [..., M, N]. The outer axes must be equal, or one
    /// argument has none and serves all.
    /// </summary>
    /// <param name="other">The right factor.</param>
    /// <param name="transposeThis">Takes this as stored transposed, [..., K, M]; no element is moved.</param>
    /// <param name="transposeOther">Takes the right factor as stored transposed, [..., N, K].</param>
    /// <exception cref="ArgumentException">The inner extents or the outer axes differ, or the types do.</exception>
    public Tensor MatMul(Tensor other, bool transposeThis = false, bool transposeOther = false)
    {
        (Tensor a, Tensor b) = (this, other);
        Shape result = a.ProductShape(b, transposeThis, transposeOther, out MatMulShape shape);
        Tape tape = Autograd.Tape.OpenFloating(nameof(MatMul), a, b);
        Tensor c = tape.NewTensor(result, DType);
        Kernels.Gemm.MatMul.Run(a.Storage, b.Storage, c.Storage, shape);
        tape.Trace?.Add(nameof(MatMul), c, [a, b], (transposeThis, transposeOther));

        // C = op(A) op(B): the gradient of op(A) is G op(B)^T, that of op(B) is op(A)^T G; transposed where the argument is.
        return tape.Record(
            nameof(MatMul),
            c,
            new Rule(a, g => (transposeThis ? b.MatMul(g, transposeOther, true) : g.MatMul(b, false, !transposeOther)).SumTo(a.Shape)),
            new Rule(b, g => (transposeOther ? g.MatMul(a, true, transposeThis) : a.MatMul(g, !transposeThis, false)).SumTo(b.Shape)));
    }

    /// <summary>
    /// A fully connected layer in one kernel: y = activation(x W + b), the bias and the activation applied while the product is still in
    /// registers.
    /// </summary>
    /// <param name="weight">W: [inputs, outputs].</param>
    /// <param name="bias">b: [outputs]; null adds nothing.</param>
    /// <param name="activation">The function that is applied last.</param>
    /// <returns>[..., outputs] for this of [..., inputs].</returns>
    /// <exception cref="ArgumentException">The extents do not fit, or the types differ.</exception>
    public Tensor Linear(Tensor weight, Tensor? bias = null, Activation activation = default) =>
        Linear(nameof(Linear), weight, bias, activation, null);

    /// <summary>
    /// As <see cref="Linear(Tensor, Tensor?, Activation)"/>, with only some of the connections: outputs do not depend on inputs that they
    /// are not connected to, even where these are infinite or NaN.
    /// </summary>
    /// <param name="weight">W: [inputs, outputs]. What it holds where there is no connection is not seen, and its gradient there is
    /// 0.</param>
    /// <param name="mask">1 where there is a connection, 0 elsewhere: [inputs, outputs].</param>
    /// <param name="bias">b: [outputs]; null adds nothing.</param>
    /// <param name="activation">The function that is applied last.</param>
    internal Tensor MaskedLinear(Tensor weight, Tensor mask, Tensor? bias, Activation activation)
    {
        Autograd.Tape.OpenFloating(nameof(MaskedLinear), this, weight, mask, bias);
        return Linear(nameof(MaskedLinear), weight.WeightedBy(mask), bias, activation, mask);
    }

    private Tensor Linear(string operation, Tensor weight, Tensor? bias, Activation activation, Tensor? mask)
    {
        if (weight.Shape.Rank != 2 || Shape.Rank < 1 || Shape[-1] != weight.Shape[0]
            || (bias is not null && bias.Shape != new Shape(weight.Shape[1])))
            throw new ArgumentException(
                $"{operation}: expected an input [..., inputs], a weight [inputs, outputs] and a bias [outputs], found {Shape}, "
                + $"{weight.Shape} and {bias?.Shape.ToString() ?? "no bias"}.");
        CheckActivation(operation, activation);
        Tensor x = this;
        int inputs = weight.Shape[0];
        int outputs = weight.Shape[1];
        int rows = Shape.With(-1, 1).Count;
        Tape tape = Autograd.Tape.OpenFloating(operation, x, weight, bias);
        Tensor y = tape.NewTensor(Shape.With(operation, -1, outputs), DType);
        MatMulShape shape = new(rows, outputs, inputs);
        if (mask is null) Kernels.Gemm.MatMul.Run(x.Storage, weight.Storage, y.Storage, shape, bias?.Storage, activation);
        else MaskedProduct.Run(x.Storage, weight.Storage, mask.Storage, y.Storage, shape, bias?.Storage, activation);

        Rule ofInput = new(x, g => g.Reshape(rows, outputs).MatMul(weight, false, true).Reshape(x.Shape));
        Rule ofWeight = new(
            weight,
            g => x.Reshape(rows, inputs).MatMul(g.Reshape(rows, outputs), true, false),
            (g, total) => Kernels.Gemm.MatMul.Run(
                x.Storage, g.Storage, total.Storage, new MatMulShape(inputs, outputs, rows, TransposeA: true), accumulate: true));
        return Activated(operation, tape, y, activation, bias, ofInput, ofWeight);
    }

    private Shape ProductShape(Tensor other, bool transposeThis, bool transposeOther, out MatMulShape shape)
    {
        CheckType(nameof(MatMul), other);
        (Shape a, Shape b) = (Shape, other.Shape);
        if (a.Rank < 2 || b.Rank < 2) throw Mismatch("each needs at least two axes");
        int m = a[transposeThis ? -1 : -2];
        int k = a[transposeThis ? -2 : -1];
        int n = b[transposeOther ? -2 : -1];
        if (k != b[transposeOther ? -1 : -2]) throw Mismatch($"the inner extents are {k} and {b[transposeOther ? -1 : -2]}");
        int[] outerA = a.ToArray()[..^2];
        int[] outerB = b.ToArray()[..^2];
        if (outerA.Length > 0 && outerB.Length > 0 && !outerA.SequenceEqual(outerB)) throw Mismatch("the outer axes differ");

        int[] outer = outerA.Length > 0 ? outerA : outerB;
        int batch = new Shape(outer).Count;

        // One right factor for all rows of all matrices is a single product of more rows.
        shape = outerB.Length == 0 && !transposeThis
            ? new MatMulShape(m * batch, n, k, false, transposeOther)
            : new MatMulShape(m, n, k, transposeThis, transposeOther, batch, outerA.Length == 0 ? 0 : m * k, outerB.Length == 0 ? 0
                : k * n);
        return Shape.Of(nameof(MatMul), [.. outer, m, n]);

        ArgumentException Mismatch(string why) => new(
            $"MatMul: expected [..., M, K] and [..., K, N], found {a}{(transposeThis ? "^T" : "")} and {b}{(transposeOther ? "^T" : "")}: "
            + $"{why}.");
    }

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
                $"TriangularSolve: expected a matrix [n, n] and right sides [n, m], found {a.Shape} and {b.Shape}.");
        CheckType(nameof(TriangularSolve), right);
        Tape tape = Autograd.Tape.OpenFloating(nameof(TriangularSolve), a, b);
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
