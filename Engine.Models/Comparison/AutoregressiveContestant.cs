using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;

namespace Engine.Models.Comparison;

/// <summary>A <see cref="PixelCnn"/> of 256 levels: the exact likelihood, and a pass for each pixel of a sample.</summary>
/// <param name="model">The model.</param>
/// <param name="options">Device and randomness.</param>
public sealed class AutoregressiveContestant(PixelCnn model, ModuleOptions options) : LikelihoodContestant(model, options)
{
    private const int Pixels = Side * Side;

    /// <inheritdoc/>
    public override string Family => "autoregressive";

    /// <inheritdoc/>
    public override string LikelihoodKind => "exact";

    /// <inheritdoc/>
    public override float[] Sample(int count, RandomStream random) =>
        Averaged(() => Array.ConvertAll(model.Sample(count, Side, Side, random), x => (2 * x) - 1));

    /// <inheritdoc/>
    public override double? BitsPerDimension(ImageDataset test, RandomStream random) =>
        Averaged(() => PixelCnnModel.BitsPerPixel(
            model.NegativeLogLikelihoods(test.ToFloats(0), [test.Count, Side, Side, 1]).Average(), Pixels));

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor images) => model.NegativeLogLikelihood(images).Mean() * (1 / (Pixels * Math.Log(2)));
}
