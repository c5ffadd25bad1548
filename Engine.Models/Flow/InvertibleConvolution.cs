using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Flows;
using Engine.Kernels.Gemm;
using Engine.Kernels.RandomNumbers;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Engine.Models.Flow;

/// <summary>
/// z = x W over the channels of each pixel, a permutation that is learned (Kingma and Dhariwal 2018, arXiv:1807.03039, section 3.2): W = P
/// L (U + diag(sign e^s)) with a fixed permutation P, L lower triangular with ones in its diagonal and U upper triangular without one, so
/// that log |det W| = sum s. It begins as a random rotation.
/// </summary>
public sealed class InvertibleConvolution : FlowTransform
{
    private readonly Tensor _permutation, _signs;
    private readonly int _channels;

    /// <summary>Creates the transform.</summary>
    /// <param name="channels">Channels: the innermost axis.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public InvertibleConvolution(int channels, ModuleOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        _channels = channels;
        PivotedLu start = PivotedLu.OfRotation(channels, options.Random);
        _permutation = NewBuffer("permutation", [channels, channels], From(start.Permutation), options);
        _signs = NewBuffer("signs", [channels], From([.. start.Diagonal.Select(d => Math.Sign(d))]), options);
        Lower = NewParameter("lower", [channels, channels], From(start.Lower), options);
        Upper = NewParameter("upper", [channels, channels], From(start.Upper), options);
        LogDiagonal = NewParameter("log_diagonal", [channels], From([.. start.Diagonal.Select(d => Math.Log(Math.Abs(d)))]), options);
    }

    /// <summary>L: [channels, channels]; only what is below the diagonal counts.</summary>
    public Parameter Lower { get; }

    /// <summary>U: [channels, channels]; only what is above the diagonal counts.</summary>
    public Parameter Upper { get; }

    /// <summary>s: [channels].</summary>
    public Parameter LogDiagonal { get; }

    /// <inheritdoc/>
    public override Transformed Apply(Tensor x, Tensor? context = null)
    {
        Tensor lower = (Lower * Triangle(below: true)) + Identity();
        return WithLog(x.Linear(_permutation.MatMul(lower).MatMul(UpperWithDiagonal())), Places(x) * LogDiagonal.Sum());
    }

    /// <inheritdoc/>
    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        // W^-1 = (U + D)^-1 L^-1 P^T
        Tensor afterLower = Lower.TriangularSolve(_permutation.Transpose(), lower: true, unitDiagonal: true);
        return WithLog(z.Linear(UpperWithDiagonal().TriangularSolve(afterLower, lower: false)), -Places(z) * LogDiagonal.Sum());
    }

    private Tensor UpperWithDiagonal() => (Upper * Triangle(below: false)) + (Identity() * (_signs * LogDiagonal.Exp()));

    private Tensor Triangle(bool below) => Matrix((i, j) => below ? j < i : j > i);

    private Tensor Identity() => Matrix((i, j) => i == j);

    private Tensor Matrix(Func<int, int, bool> isOne)
    {
        double[] values = [.. from i in Enumerable.Range(0, _channels) from j in Enumerable.Range(0, _channels) select isOne(i, j) ? 1.0
            : 0.0];
        return Lower.DType == DType.Float64 ? Tensor.From(values, [_channels, _channels])
            : Tensor.From(Array.ConvertAll(values, v => (float)v), [_channels, _channels]);
    }

    private static Initializer From(double[] values) => (storage, _, _) =>
    {
        if (storage.DType == DType.Float64) storage.CopyFrom<double>(values);
        else storage.CopyFrom<float>(Array.ConvertAll(values, v => (float)v));
    };
}

/// <summary>A square matrix as P L (U + D), row-major, in float64.</summary>
/// <param name="Permutation">P.</param>
/// <param name="Lower">L without its diagonal of ones.</param>
/// <param name="Upper">U, above the diagonal.</param>
/// <param name="Diagonal">D.</param>
internal sealed record PivotedLu(double[] Permutation, double[] Lower, double[] Upper, double[] Diagonal)
{
    /// <summary>
    /// A random rotation or reflection, all equally likely: the orthogonal part of a matrix of normal numbers (Mezzadri 2007,
    /// arXiv:math-ph/0609050).
    /// </summary>
    internal static PivotedLu OfRotation(int n, RandomStream random)
    {
        using CpuDevice host = new(1);
        using Tape tape = new(host, record: false);
        double[] normal = Tensor.Normal([n, n], random, dtype: DType.Float64).ToDoubles();
        QR<double> qr = Matrix<double>.Build.DenseOfRowMajor(n, n, normal).Transpose().QR();

        // Columns whose diagonal in R is negative are turned round, so that Q is the one of Gram and Schmidt.
        Vector<double> signs = qr.R.Diagonal().Map(d => d < 0 ? -1.0 : 1.0);
        return Of(qr.Q.Multiply(Matrix<double>.Build.DenseOfDiagonalVector(signs)).Transpose());
    }

    // The factors of a square matrix, the largest element of each column being the pivot.
    private static PivotedLu Of(Matrix<double> matrix)
    {
        // L U has the rows of the matrix in another order, I has them in the same: P^T = the rows of I in that order.
        LU<double> lu = matrix.LU();
        Matrix<double> permutation = Matrix<double>.Build.DenseIdentity(matrix.RowCount);
        permutation.PermuteRows(lu.P);
        return new PivotedLu(permutation.Transpose().ToRowMajorArray(), lu.L.StrictlyLowerTriangle().ToRowMajorArray(),
            lu.U.StrictlyUpperTriangle().ToRowMajorArray(), lu.U.Diagonal().ToArray());
    }
}
