using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Flows;
using Engine.Kernels.Gemm;
using Engine.Kernels.RandomNumbers;

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
    /// <summary>A random rotation: what Gram and Schmidt make of normal vectors.</summary>
    internal static PivotedLu OfRotation(int n, RandomStream random)
    {
        using CpuDevice host = new(1);
        using Tape tape = new(host, record: false);
        double[] q = Tensor.Normal([n, n], random, dtype: DType.Float64).ToDoubles();
        for (int i = 0; i < n; i++)
        {
            Span<double> row = q.AsSpan(i * n, n);

            // Twice is enough: what rounding leaves the first time is gone after the second.
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++)
                {
                    double dot = 0;
                    for (int k = 0; k < n; k++) dot += row[k] * q[(j * n) + k];
                    for (int k = 0; k < n; k++) row[k] -= dot * q[(j * n) + k];
                }
            }

            double length = 0;
            foreach (double v in row) length += v * v;
            for (int k = 0; k < n; k++) row[k] /= Math.Sqrt(length);
        }

        return Of(q, n);
    }

    /// <summary>Gaussian elimination with the largest element of each column as pivot.</summary>
    internal static PivotedLu Of(ReadOnlySpan<double> matrix, int n)
    {
        double[] a = matrix.ToArray();
        int[] order = [.. Enumerable.Range(0, n)];
        for (int column = 0; column < n; column++)
        {
            int pivot = column;
            for (int i = column + 1; i < n; i++)
                if (Math.Abs(a[(i * n) + column]) > Math.Abs(a[(pivot * n) + column])) pivot = i;
            (order[column], order[pivot]) = (order[pivot], order[column]);
            for (int k = 0; k < n; k++) (a[(column * n) + k], a[(pivot * n) + k]) = (a[(pivot * n) + k], a[(column * n) + k]);
            for (int i = column + 1; i < n; i++)
            {
                double factor = a[(i * n) + column] /= a[(column * n) + column];
                for (int k = column + 1; k < n; k++) a[(i * n) + k] -= factor * a[(column * n) + k];
            }
        }

        double[] permutation = new double[n * n], lower = new double[n * n], upper = new double[n * n], diagonal = new double[n];
        for (int i = 0; i < n; i++)
        {
            // Row i of L U is row order[i] of the matrix.
            permutation[(order[i] * n) + i] = 1;
            diagonal[i] = a[(i * n) + i];
            for (int j = 0; j < n; j++) (j < i ? lower : upper)[(i * n) + j] = i == j ? 0 : a[(i * n) + j];
        }

        return new PivotedLu(permutation, lower, upper, diagonal);
    }
}
