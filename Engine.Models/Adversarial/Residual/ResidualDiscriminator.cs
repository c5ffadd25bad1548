using Engine.Autograd.Nn;
using Engine.Models.Adversarial.Conditional;

namespace Engine.Models.Adversarial.Residual;

/// <summary>
/// The discriminator of BigGAN (Brock et al. 2018, arXiv:1809.11096, appendix B) for small images: residual blocks that halve the sides as
/// often as the generator doubles them, one more at the smallest, ReLU, and the sum over all places; then the head of the condition, with
/// <see cref="ClassCondition.Projection"/> in the paper.
/// </summary>
public static class ResidualDiscriminator
{
    /// <summary>D: images [n, side, side, channels] and classes to scores [n, 1].</summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="size">Sizes.</param>
    /// <param name="condition">How the class comes in.</param>
    /// <param name="around">What is put around each layer with weights: <see cref="SpectralNorm"/> in the paper; null for nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">The condition is none of the three.</exception>
    public static Module Of(
        ModuleOptions options, ResidualGanSize size, ClassCondition condition = ClassCondition.Projection,
        Func<Module, Module>? around = null)
    {
        ArgumentNullException.ThrowIfNull(size);
        return ClassHeads.On(
            extra => Body(options, size, around, extra), Features(size), condition, size.Classes, options, around,
            Initializers.Orthogonal());
    }

    /// <summary>The number of features that <see cref="Body"/> has for an image.</summary>
    /// <param name="size">Sizes.</param>
    public static int Features(ResidualGanSize size)
    {
        ArgumentNullException.ThrowIfNull(size);
        return size.Width << size.Levels;
    }

    /// <summary>
    /// The discriminator without its head, for heads of other kinds: images [n, side, side, channels] to features
    /// [n, <see cref="Features"/>].
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="size">Sizes.</param>
    /// <param name="around">What is put around each layer with weights; null for nothing.</param>
    /// <param name="extra">Channels of the images beside those of <paramref name="size"/>.</param>
    public static Sequential Body(
        ModuleOptions options, ResidualGanSize size, Func<Module, Module>? around = null, int extra = 0)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(size);
        List<Module> layers = [];
        int features = size.Channels + extra;
        for (int level = 0; level <= size.Levels; level++)
        {
            int next = size.Width << level;
            layers.Add(new ResidualDiscriminatorBlock(
                features, next, options, around, isFirst: level == 0, halves: level < size.Levels));
            if (level == 0 && size.HasAttention) layers.Add(new SelfAttentionBlock(next, options, around));
            features = next;
        }

        return new Sequential([.. layers, new Relu(), new GlobalSumPool2d()]);
    }
}
