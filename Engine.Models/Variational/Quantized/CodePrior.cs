using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Pixels;

namespace Engine.Models.Variational.Quantized;

/// <summary>
/// The prior of a <see cref="VqVae"/> after its training (van den Oord et al. 2017, section 3.3): p(codes) = product over the grid, row by
/// row, of p(code | those before it), by a <see cref="GatedPixelCnn"/> that sees a trained vector in place of each code.
/// </summary>
public sealed class CodePrior : Module
{
    private readonly GatedPixelCnn _model;
    private readonly int _rows, _columns;

    /// <summary>Creates the prior.</summary>
    /// <param name="codes">The number of codes, at least 2.</param>
    /// <param name="grid">Rows and columns of a grid; at least 1 each.</param>
    /// <param name="features">Features of a layer.</param>
    /// <param name="layers">Layers, at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <exception cref="ArgumentException">A size is out of its range.</exception>
    public CodePrior(int codes, (int Rows, int Columns) grid, int features, int layers, ModuleOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        (Codes, _rows, _columns) = (codes, grid.Rows, grid.Columns);
        _model = AddModule("model", new GatedPixelCnn(
            new PixelCnnSizes
            {
                Levels = codes, LevelFeatures = features, Features = features, Layers = layers, FirstKernel = 5, Positions = grid,
                Head = 2 * features,
            },
            options));
    }

    /// <summary>The number of codes.</summary>
    public int Codes { get; }

    /// <summary>Codes of an image.</summary>
    public int Places => _rows * _columns;

    /// <summary>log p(codes), as <see cref="LogLikelihood(Tensor)"/>.</summary>
    public override Tensor Forward(Tensor x) => LogLikelihood(x);

    /// <summary>log p(codes) of each grid, in nats, differentiable: [batch].</summary>
    /// <param name="codes">int32 [batch, rows, columns].</param>
    /// <exception cref="ArgumentException">The codes have another shape or type.</exception>
    public Tensor LogLikelihood(Tensor codes)
    {
        if (codes.DType != DType.Int32 || codes.Shape.Rank != 3 || codes.Shape[1] != _rows || codes.Shape[2] != _columns)
            throw new ArgumentException(
                $"CodePrior: expected codes of Int32 [batch, {_rows}, {_columns}], found {codes.DType} {codes.Shape}.");
        return _model.LogLikelihoodOfLevels(codes);
    }

    /// <summary>log p(codes) of each grid, in nats, batch by batch.</summary>
    /// <param name="codes">[images, rows, columns], in row-major order.</param>
    /// <param name="atOnce">Images in a batch; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="ArgumentException">They are no whole number of grids.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double[] LogLikelihood(ReadOnlySpan<int> codes, int atOnce = 100, CancellationToken cancellation = default)
    {
        if (codes.Length % Places != 0) throw new ArgumentException(
            $"CodePrior: expected grids of {Places} codes, found {codes.Length} codes.");
        float[] levels = new float[codes.Length];
        for (int i = 0; i < levels.Length; i++) levels[i] = codes[i] / (Codes - 1f);
        return _model.LogLikelihood(levels, [codes.Length / Places, _rows, _columns, 1], atOnce: atOnce, cancellation: cancellation);
    }

    /// <summary>Draws grids code by code.</summary>
    /// <param name="count">Grids; at least 1.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each code.</param>
    /// <returns>[count, rows, columns], in row-major order.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are no grids.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public int[] Sample(int count, RandomStream random, CancellationToken cancellation = default)
    {
        float[] levels = _model.Sample([count, _rows, _columns, 1], random, cancellation: cancellation);
        return Array.ConvertAll(levels, level => (int)MathF.Round(level * (Codes - 1)));
    }

    /// <summary>A negative log-likelihood in bits for each code.</summary>
    /// <param name="nats">That of a grid, in nats.</param>
    public double BitsPerCode(double nats) => PixelCnnModel.BitsPerPixel(nats, Places);
}
