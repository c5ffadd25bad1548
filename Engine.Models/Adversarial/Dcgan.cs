using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial;

/// <summary>
/// The networks of a deep convolutional GAN (Radford, Metz and Chintala 2015, arXiv:1511.06434) for images of 28 x 28 in [-1, 1], in the
/// form in which tutorials train it on MNIST. The discriminators give logits: join them to a generator in a <see cref="Gan"/>.
/// </summary>
public static class Dcgan
{
    /// <summary>Rows and columns of an image.</summary>
    public const int Side = 28;

    // The smallest images: what two transposed convolutions of stride 2 make 28 from.
    private const int Seed = Side / 4;
    private const double Slope = 0.2;
    private const int Kernel = 5, CriticLevels = 3;

    // Section 4 of the paper: all weights from N(0, 0.02²), the scales of batch normalisation about 1.
    private static readonly Initializer s_weights = Initializers.Dcgan;

    /// <summary>
    /// G: noise [n, latent] to images [n, 28, 28, channels]. A fully connected layer makes images of 7 x 7, two transposed convolutions of
    /// stride 2 make 14 x 14 and 28 x 28 of them, a last one draws; batch normalisation and LeakyReLU 0.2 between them, tanh at the end.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="width">Channels of the last images before the drawn ones; those before have twice and four times as many.</param>
    /// <param name="channels">Channels of an image: 1 grey, 3 RGB.</param>
    public static Sequential Generator(ModuleOptions options, int latent = 100, int width = 64, int channels = 1) => new(
        // Without biases: batch normalisation would subtract them again with the mean.
        new Linear(latent, Seed * Seed * 4 * width, options, bias: false, s_weights), Norm(Seed * Seed * 4 * width, options),
        new LeakyRelu(Slope),
        new Unflatten(Seed, Seed, 4 * width),
        new ConvTranspose2d(4 * width, 2 * width, Kernel, options, stride: 2, ConvPadding.Same, bias: false, weightInitializer: s_weights),
        Norm(2 * width, options), new LeakyRelu(Slope),
        new ConvTranspose2d(2 * width, width, Kernel, options, stride: 2, ConvPadding.Same, bias: false, weightInitializer: s_weights),
        Norm(width, options), new LeakyRelu(Slope),
        new ConvTranspose2d(width, channels, kernel: 7, options, stride: 1, ConvPadding.Same, weightInitializer: s_weights,
            biasInitializer: Initializers.Zeros), new Tanh());

    /// <summary>
    /// D: images [n, 28, 28, channels] to logits [n, 1], by convolutions of stride 2 to 14 x 14 and 7 x 7, LeakyReLU 0.2 and dropout 0.3
    /// after each, and a fully connected layer.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values and of the masks of dropout.</param>
    /// <param name="width">Channels of the 14 x 14 images; those of 7 x 7 have twice as many.</param>
    /// <param name="around">What is put around each layer with weights, such as
    /// <c>layer => new SpectralNorm(layer, options.Random)</c> or <c>layer => new WeightNorm(layer)</c>; null for nothing.</param>
    /// <param name="dropout">The share that dropout drops; 0 for critics with a gradient penalty.</param>
    /// <param name="channels">Channels of an image, times the samples in a group where the discriminator gets them packed.</param>
    public static Sequential ConvolutionalDiscriminator(
        ModuleOptions options, int width = 64, Func<Module, Module>? around = null, double dropout = 0.3, int channels = 1)
    {
        around ??= layer => layer;
        return new Sequential(
            around(new Conv2d(channels, width, Kernel, options, stride: 2, ConvPadding.Same, weightInitializer: s_weights,
                biasInitializer: Initializers.Zeros)),
            new LeakyRelu(Slope), new Dropout(dropout, options),
            around(new Conv2d(width, 2 * width, Kernel, options, stride: 2, ConvPadding.Same, weightInitializer: s_weights,
                biasInitializer: Initializers.Zeros)),
            new LeakyRelu(Slope), new Dropout(dropout, options),
            new Flatten(), around(new Linear(Seed * Seed * 2 * width, 1, options, bias: true, s_weights, Initializers.Zeros)));
    }

    /// <summary>
    /// D: images [n, 28, 28, channels] to scores [n, 1], by convolutions of stride 2 to 14 x 14, 7 x 7 and 4 x 4, LeakyReLU 0.2 after each,
    /// and a fully connected layer: the critic that Gulrajani et al. 2017 (WGAN-GP, arXiv:1704.00028) train on MNIST. Its last convolution
    /// sees the whole image, and nothing in it looks at the rest of the batch or drops anything.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="width">Channels of the 14 x 14 images; those after have twice and four times as many.</param>
    /// <param name="around">What is put around each layer with weights; null for nothing.</param>
    /// <param name="channels">Channels of an image, times the samples in a group where the critic gets them packed.</param>
    public static Sequential Critic(ModuleOptions options, int width = 64, Func<Module, Module>? around = null, int channels = 1)
    {
        around ??= layer => layer;
        return new Sequential(
            [.. CriticBody(options, width, around, channels).Layers, around(new Linear(CriticFeatures(width), 1, options))]);
    }

    /// <summary>The number of features that <see cref="CriticBody"/> has for an image: 4 x 4 places of its last channels.</summary>
    /// <param name="width">Channels of the 14 x 14 images.</param>
    public static int CriticFeatures(int width)
    {
        int side = Side;
        for (int level = 0; level < CriticLevels; level++) side = (side + 1) / 2;
        return side * side * (width << (CriticLevels - 1));
    }

    /// <summary>
    /// The critic without its last layer, for heads of other kinds: images [n, 28, 28, channels] to features
    /// [n, <see cref="CriticFeatures"/>].
    /// </summary>
    /// <inheritdoc cref="Critic"/>
    public static Sequential CriticBody(ModuleOptions options, int width = 64, Func<Module, Module>? around = null, int channels = 1)
    {
        around ??= layer => layer;
        List<Module> layers = [];
        for (int level = 0; level < CriticLevels; level++)
        {
            layers.Add(around(new Conv2d(level == 0 ? channels : width << (level - 1), width << level, Kernel, options, stride: 2,
                ConvPadding.Same)));
            layers.Add(new LeakyRelu(Slope));
        }

        return new Sequential([.. layers, new Flatten()]);
    }

    /// <summary>
    /// D: images [n, 28, 28, 1] to logits [n, 1], by fully connected layers of 1024, 512 and 256 without bias, batch normalisation and
    /// LeakyReLU 0.2 after each. It judges a batch by its own statistics, so real and generated samples should come as separate batches,
    /// as <see cref="Gan"/> has them.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="width">Features of the last hidden layer; those before have twice and four times as many.</param>
    public static Sequential DenseDiscriminator(ModuleOptions options, int width = 256) => new(
        new Flatten(),
        new Linear(Side * Side, 4 * width, options, bias: false, s_weights), Norm(4 * width, options), new LeakyRelu(Slope),
        new Linear(4 * width, 2 * width, options, bias: false, s_weights), Norm(2 * width, options), new LeakyRelu(Slope),
        new Linear(2 * width, width, options, bias: false, s_weights), Norm(width, options), new LeakyRelu(Slope),
        new Linear(width, 1, options, bias: false, s_weights));

    private static BatchNorm Norm(int channels, ModuleOptions options) =>
        new(channels, options, weightInitializer: Initializers.DcganScale);
}
