using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial.Conditional;

/// <summary>How a discriminator learns whether a sample is of the class that it is said to be of.</summary>
public enum ClassCondition
{
    /// <summary>The label is beside the pixels: Mirza and Osindero 2014, arXiv:1411.1784.</summary>
    Concatenation,

    /// <summary>The label's embedding is projected on the features: Miyato and Koyama 2018, arXiv:1802.05637.</summary>
    Projection,

    /// <summary>The discriminator finds the class itself: Odena et al. 2016, AC-GAN, arXiv:1610.09585.</summary>
    Classifier,
}

/// <summary>The networks of <see cref="Dcgan"/> with the class of an image as their condition.</summary>
public static class ConditionalDcgan
{
    private const double Slope = 0.2;

    /// <summary>
    /// G: noise [n, latent] and classes to images [n, side, side, channels] in [-1, 1]. The layers are those of <see
    /// cref="Dcgan.Generator"/>; the class enters through the scales and offsets of the normalisations, gamma and beta of its own in each.
    /// They begin apart, from N(1, 0.2²) and N(0, 0.5²): from equal ones classes part slowly, because each step moves an element by no more
    /// than the rate.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="width">Channels of the last images before the drawn ones; those before have twice and four times as many.</param>
    /// <param name="channels">Channels of an image: 1 grey, 3 RGB.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no classes.</exception>
    /// <param name="side">Rows and columns of an image.</param>
    public static ConditionalSequential NormalizedGenerator(
        ModuleOptions options, int classes, int latent = 100, int width = 64, int channels = 1, int side = Dcgan.Side)
    {
        int levels = Dcgan.Levels(side), seed = side >> levels, features = width << levels;
        List<Module> layers =
        [
            new Linear(latent, seed * seed * features, options, bias: false, Initializers.Dcgan), new Unflatten(seed, seed, features),
            Norm(features), new LeakyRelu(Slope),
        ];
        for (; features > width; features /= 2)
            layers.AddRange(Doubling(features, features / 2), Norm(features / 2), new LeakyRelu(Slope));
        layers.AddRange(
            new ConvTranspose2d(width, channels, kernel: 7, options, stride: 1, ConvPadding.Same, weightInitializer: Initializers.Dcgan,
                biasInitializer: Initializers.Zeros), new Tanh());
        return new ConditionalSequential([.. layers]);

        ConditionalBatchNorm Norm(int features) => new(
            features, classes, options, weightInitializer: Initializers.Normal(1, 0.2), biasInitializer: Initializers.Normal(0, 0.5));

        ConvTranspose2d Doubling(int from, int to) => new(
            from, to, kernel: 5, options, stride: 2, ConvPadding.Same, bias: false, weightInitializer: Initializers.Dcgan);
    }

    /// <summary>
    /// G: noise [n, latent] and classes to images, the class beside the noise: the first layer then adds an embedding of the class to what
    /// it makes of the noise (<see cref="LabelConcatenation"/>).
    /// </summary>
    /// <inheritdoc cref="NormalizedGenerator"/>
    public static LabelConcatenation ConcatenatedGenerator(
        ModuleOptions options, int classes, int latent = 100, int width = 64, int channels = 1, int side = Dcgan.Side) =>
        new(Dcgan.Generator(options, latent + classes, width, channels, side), classes);

    /// <summary>D: images [n, side, side, channels] and classes to scores [n, 1]; the body is that of <see cref="Dcgan.Critic"/>.</summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="condition">How the class comes in.</param>
    /// <param name="classes">The number of classes; at least 1.</param>
    /// <param name="width">Channels of the images of half the side; those after have twice and four times as many.</param>
    /// <param name="around">What is put around each layer with weights, such as spectral normalisation; null for nothing.</param>
    /// <param name="channels">Channels of an image.</param>
    /// <param name="side">Rows and columns of an image.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no classes, or the condition is none of the three.</exception>
    public static Module Discriminator(
        ModuleOptions options, ClassCondition condition, int classes, int width = 64, Func<Module, Module>? around = null,
        int channels = 1, int side = Dcgan.Side) => ClassHeads.On(
            extra => Dcgan.CriticBody(options, width, around, channels + extra, side), Dcgan.CriticFeatures(width, side), condition,
            classes, options, around);

    /// <summary>
    /// The objective that goes with a condition: with a classifier, the cross-entropy of the classes is added, in the discriminator's loss
    /// that of real samples alone.
    /// </summary>
    /// <param name="condition">How the class comes in.</param>
    /// <param name="adversarial">What the networks are trained for besides.</param>
    public static AdversarialObjective Objective(ClassCondition condition, AdversarialObjective adversarial) =>
        condition == ClassCondition.Classifier ? new AuxiliaryClassifierObjective(adversarial, generatedShare: 0) : adversarial;
}
