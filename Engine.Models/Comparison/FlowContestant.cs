using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Data;
using Engine.Models.Flow;

namespace Engine.Models.Comparison;

/// <summary>
/// A RealNVP: a density of continuous images, which with uniform noise bounds the probability of those of 256 levels; one pass for a
/// sample.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="options">Device and randomness.</param>
public sealed class FlowContestant(ImageFlow model, ModuleOptions options) : LikelihoodContestant(model, options)
{
    /// <inheritdoc/>
    public override string Family => "flow";

    /// <inheritdoc/>
    public override string LikelihoodKind => "bound";

    /// <inheritdoc/>
    public override float[] Sample(int count, RandomStream random) => Averaged(() =>
    {
        using Tape tape = new(Device, record: false);
        NormalizingFlow flow = model.Flow;
        Tensor latents = flow.Latents.Sample(new Shape([count, .. flow.LatentShape.ToArray()]), random);
        return Array.ConvertAll(model.Decode(latents), x => (2 * x) - 1);
    });

    /// <inheritdoc/>
    public override double? BitsPerDimension(ImageDataset test, RandomStream random) =>
        Averaged(() => model.BitsOf(test.Pixels.ToArray(), 1, random));

    /// <inheritdoc/>
    protected override Tensor Loss(Tensor images) => model.Loss(images * 255, Random);
}
