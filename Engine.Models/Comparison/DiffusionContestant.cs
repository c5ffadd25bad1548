using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;
using Engine.Models.Data;
using Engine.Models.Diffusion;

namespace Engine.Models.Comparison;

/// <summary>
/// A <see cref="DenoisingDiffusion"/> that predicts the noise of 1,000 steps: a bound of as many terms, samples in 50 steps of DDIM.
/// </summary>
/// <param name="unet">The network.</param>
/// <param name="options">Device and randomness.</param>
public sealed class DiffusionContestant(Unet unet, ModuleOptions options) : LikelihoodContestant(unet, options)
{
    private const int Steps = 1000, SampleSteps = 50;

    // Each step's term is of so many images, which the steps take in turn: the sum over a thousand of them varies little.
    private const int ImagesForStep = 8;

    private readonly DenoisingDiffusion _model = new(unet, NoiseSchedule.Cosine(Steps));

    /// <inheritdoc/>
    public override string Family => "diffusion";

    /// <inheritdoc/>
    public override string LikelihoodKind => "bound";

    /// <inheritdoc/>
    public override float[] Sample(int count, RandomStream random) =>
        Averaged(() => new DdimSampler(_model, SampleSteps).Sample([count, Side, Side, 1], random));

    /// <inheritdoc/>
    public override double? BitsPerDimension(ImageDataset test, RandomStream random) =>
        Averaged(() => _model.Bound(test.ToFloats(), [test.Count, Side, Side, 1], random, batch: ImagesForStep).Total);

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor images) => _model.Losses(images.Affine(2, -1), [], Random).Loss;
}
