using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Models.Adversarial;

/// <summary>
/// A network that gets the class of each sample as further channels of its input, 1 for the class and 0 for the others (Mirza and Osindero
/// 2014, conditional GAN, arXiv:1411.1784). It makes a generator of [samples, latent + classes], or a discriminator of
/// [samples, ..., channels + classes], conditional.
/// </summary>
public sealed class LabelConcatenation : ConditionalModule
{
    private readonly Module _network;

    /// <summary>Puts labels before a network.</summary>
    /// <param name="network">The network, whose input has <paramref name="classes"/> channels more; it becomes a part of this one.</param>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no classes.</exception>
    public LabelConcatenation(Module network, int classes)
    {
        ClassLabels.CheckClasses(nameof(LabelConcatenation), classes);
        _network = AddModule("network", network);
        Classes = classes;
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>network([x, one-hot of the label]).</summary>
    /// <param name="x">[samples, ..., channels].</param>
    /// <param name="condition">Labels, int32 [samples], of which one that is no class leaves all channels 0; or weights of the classes,
    /// [samples, classes], for what lies between classes.</param>
    /// <exception cref="ArgumentException">The labels do not fit the samples.</exception>
    public override Tensor Forward(Tensor x, Tensor condition)
    {
        Tensor weights = ClassLabels.Weights(nameof(LabelConcatenation), x, condition, Classes);
        int[] one = [.. Enumerable.Repeat(1, x.Shape.Rank)], channels = x.Shape.ToArray();
        (one[0], one[^1], channels[^1]) = (x.Shape[0], Classes, Classes);
        return _network.Forward(Tensor.Concat(-1, x, weights.Reshape(new Shape(one)).BroadcastTo(new Shape(channels))));
    }
}

/// <summary>
/// A discriminator that looks at how well the features of a sample fit its class (Miyato and Koyama 2018, projection discriminator,
/// arXiv:1802.05637): with the embedding of the class, not beside the input.
/// </summary>
public sealed class ProjectionDiscriminator : ConditionalModule, IDiscriminatorNetwork
{
    private readonly Module _body, _head, _classes;

    /// <summary>Creates the discriminator around a body.</summary>
    /// <param name="body">phi: [samples, ...] to features [samples, features]; it becomes a part of this one.</param>
    /// <param name="features">The number of features; at least 1.</param>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="around">What is put around the layers of the head, such as <see cref="SpectralNorm"/>; null for nothing. A class's
    /// embedding is the row of a layer from one-hot labels, so that it can be normalised too.</param>
    /// <param name="weightInitializer">The initialiser of the head's weights; null takes <see cref="Initializers.LinearDefault"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no features or no classes.</exception>
    public ProjectionDiscriminator(
        Module body, int features, int classes, ModuleOptions options, Func<Module, Module>? around = null,
        Initializer? weightInitializer = null)
    {
        ClassLabels.CheckClasses(nameof(ProjectionDiscriminator), classes);
        around ??= layer => layer;
        Classes = classes;
        _body = AddModule("body", body);
        _head = AddModule("head", around(new Linear(features, 1, options, bias: true, weightInitializer)));
        _classes = AddModule("classes", around(new Linear(classes, features, options, bias: false, weightInitializer)));
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>s = psi(phi(x)) + &lt;e_y, phi(x)&gt;, with psi a fully connected layer.</summary>
    /// <param name="x">[samples, ...].</param>
    /// <param name="condition">Labels, int32 [samples].</param>
    /// <exception cref="ArgumentException">The labels do not fit the samples.</exception>
    public override Tensor Forward(Tensor x, Tensor condition) => Judge(x, condition).Scores;

    /// <inheritdoc/>
    public DiscriminatorOutput Judge(Tensor x, Tensor? labels)
    {
        ClassLabels.Check(nameof(ProjectionDiscriminator), x, labels);
        Tensor features = _body.Forward(x), embedding = _classes.Forward(labels!.OneHot(Classes, x.DType));
        return new DiscriminatorOutput(_head.Forward(features) + (features * embedding).Sum(1).Reshape(-1, 1), features);
    }
}

/// <summary>
/// A discriminator that says which class a sample is of, beside how real it looks (Odena et al. 2016, AC-GAN, arXiv:1610.09585). It does
/// not see the label; <see cref="AuxiliaryClassifierObjective"/> trains it to find it.
/// </summary>
public sealed class ClassifyingDiscriminator : Module, IDiscriminatorNetwork
{
    private readonly Module _body, _head, _classes;

    /// <summary>Creates the discriminator around a body.</summary>
    /// <param name="body">[samples, ...] to features [samples, features]; it becomes a part of this one.</param>
    /// <param name="features">The number of features; at least 1.</param>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="around">What is put around the layers of the heads, such as <see cref="SpectralNorm"/>; null for nothing.</param>
    /// <param name="weightInitializer">The initialiser of the heads' weights; null takes
    /// <see cref="Initializers.LinearDefault"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no features or no classes.</exception>
    public ClassifyingDiscriminator(
        Module body, int features, int classes, ModuleOptions options, Func<Module, Module>? around = null,
        Initializer? weightInitializer = null)
    {
        ClassLabels.CheckClasses(nameof(ClassifyingDiscriminator), classes);
        around ??= layer => layer;
        _body = AddModule("body", body);
        _head = AddModule("head", around(new Linear(features, 1, options, bias: true, weightInitializer)));
        _classes = AddModule("classes", around(new Linear(features, classes, options, bias: true, weightInitializer)));
    }

    /// <summary>The scores of samples, [samples, 1].</summary>
    public override Tensor Forward(Tensor x) => _head.Forward(_body.Forward(x));

    /// <inheritdoc/>
    public DiscriminatorOutput Judge(Tensor x, Tensor? labels)
    {
        Tensor features = _body.Forward(x);
        return new DiscriminatorOutput(_head.Forward(features), features, _classes.Forward(features));
    }
}

/// <summary>What conditional networks check of labels.</summary>
internal static class ClassLabels
{
    internal static void CheckClasses(string owner, int classes)
    {
        if (classes < 1) throw new ArgumentOutOfRangeException(
            nameof(classes), classes, $"{owner}: expected at least 1 class, found {classes}.");
    }

    internal static void Check(string owner, Tensor x, Tensor? labels)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (labels is null) throw new ArgumentException($"{owner}: expected labels of samples {x.Shape}, found none.");
        if (x.Shape.Rank < 2 || labels.DType != DType.Int32 || labels.Shape != new Shape(x.Shape[0])) throw new ArgumentException(
            $"{owner}: expected samples [samples, ...] and labels of {DType.Int32} [samples], found {x.Shape} and {labels.DType} "
            + $"{labels.Shape}.");
    }
    /// <summary>The weight of each class in each sample, [samples, classes]: one-hot of labels, or the weights that were given.</summary>
    internal static Tensor Weights(string owner, Tensor x, Tensor condition, int classes)
    {
        if (condition is null || condition.DType == DType.Int32)
        {
            Check(owner, x, condition);
            return condition!.OneHot(classes, x.DType);
        }

        ArgumentNullException.ThrowIfNull(x);
        bool fits = x.Shape.Rank >= 2 && condition.DType == x.DType && condition.Shape == new Shape(x.Shape[0], classes);
        if (!fits) throw new ArgumentException(
            $"{owner}: expected samples [samples, ...] and weights of {x.DType} [samples, {classes}] of their classes, found {x.Shape} and "
            + $"{condition.DType} {condition.Shape}.");
        return condition;
    }
}
