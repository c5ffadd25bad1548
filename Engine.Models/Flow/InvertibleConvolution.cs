using Engine.Autograd;
using Engine.Autograd.Bijections;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Flows;
using Engine.Kernels.Gemm;

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

    /// <summary>Makes the transform.</summary>
    /// <param name="channels">Channels: the innermost axis.</param>
    /// <param name="options">Device, type and randomness.</param>
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
