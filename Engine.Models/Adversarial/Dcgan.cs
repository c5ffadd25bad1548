using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial;

/// <summary>
/// The networks of a deep convolutional GAN (Radford, Metz and Chintala 2015, arXiv:1511.06434) for square images in [-1, 1]: of 28 x
/// 28 in the form in which tutorials train it on MNIST, of larger ones with as many more layers.
/// The discriminators give logits: join them to a generator in a <see cref="Gan"/>.
/// </summary>
public static class Dcgan
{
    /// <summary>Rows and columns of an image unless others are asked for.</summary>
    public const int Side = 28;

    // The largest images that transposed convolutions begin with, and that a critic ends with.
    private const int GreatestSeed = 8, CriticSeed = 4;
    private const double Slope = 0.2;
    private const int Kernel = 5;

    // Section 4 of the paper: all weights from N(0, 0.02²), the scales of batch normalisation about 1.
    private static readonly Initializer s_weights = Initializers.Dcgan;

    /// <summary>How often the sides are halved between images and the features that the generator begins with: at least twice.</summary>
    /// <param name="side">Rows and columns of an image.</param>
    /// <exception cref="ArgumentException">The side cannot be halved so often.</exception>
    public static int Levels(int side) => side >= 1 && side % Divisor(side) == 0 ? Halvings(side) : throw new ArgumentException(
        $"Dcgan: images of {side} x {side} cannot be halved {Halvings(side)} times: expected a multiple of {Divisor(side)}.");

    /// <summary>What a side must be a multiple of: 4, and from 36 on 8, 16 and so on.</summary>
    /// <param name="side">Rows and columns of an image.</param>
    public static int Divisor(int side) => 1 << Halvings(side);

    /// <summary>
    /// G: noise [n, latent] to images [n, side, side, channels]. A fully connected layer makes images of 7 x 7, two transposed convolutions
    /// of stride 2 make 14 x 14 and 28 x 28 of them (of 8 x 8 three make 64 x 64), a last one draws; batch normalisation and LeakyReLU 0.2
    /// between them, tanh at the end.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="width">Channels of the last images before the drawn ones; those before have twice and four times as many.</param>
    /// <param name="channels">Channels of an image: 1 grey, 3 RGB.</param>
    /// <param name="side">Rows and columns of an image.</param>
    /// <exception cref="ArgumentException">The side cannot be halved often enough.</exception>
    public static Sequential Generator(ModuleOptions options, int latent = 100, int width = 64, int channels = 1, int side = Side)
    {
        int levels = Levels(side), seed = side >> levels, features = width << levels;

        // Without biases: batch normalisation would subtract them again with the mean.
        List<Module> layers =
        [
            new Linear(latent, seed * seed * features, options, bias: false, s_weights), Norm(seed * seed * features, options),
            new LeakyRelu(Slope), new Unflatten(seed, seed, features),
        ];
        for (; features > width; features /= 2) layers.AddRange(
            new ConvTranspose2d(
                features, features / 2, Kernel, options, stride: 2, ConvPadding.Same, bias: false, weightInitializer: s_weights),
            Norm(features / 2, options), new LeakyRelu(Slope));
        layers.AddRange(
            new ConvTranspose2d(width, channels, kernel: 7, options, stride: 1, ConvPadding.Same, weightInitializer: s_weights,
                biasInitializer: Initializers.Zeros), new Tanh());
        return new Sequential([.. layers]);
    }

    /// <summary>
    /// D: images [n, side, side, channels] to logits [n, 1], by convolutions of stride 2 to 14 x 14 and 7 x 7 (or further, to at most
    /// 8 x 8), LeakyReLU 0.2 and dropout 0.3 after each, and a fully connected layer.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values and of the masks of dropout.</param>
    /// <param name="width">Channels of the images of half the side; those after have twice as many each.</param>
    /// <param name="around">What is put around each layer with weights, such as
    /// <c>layer => new SpectralNorm(layer, options.Random)</c> or <c>layer => new WeightNorm(layer)</c>; null for nothing.</param>
    /// <param name="dropout">The share that dropout drops; 0 for critics with a gradient penalty.</param>
    /// <param name="channels">Channels of an image, times the samples in a group where the discriminator gets them packed.</param>
    /// <param name="side">Rows and columns of an image.</param>
    /// <exception cref="ArgumentException">The side cannot be halved often enough.</exception>
    public static Sequential ConvolutionalDiscriminator(
        ModuleOptions options, int width = 64, Func<Module, Module>? around = null, double dropout = 0.3, int channels = 1,
        int side = Side)
    {
        around ??= layer => layer;
        int levels = Levels(side), seed = side >> levels;
        List<Module> layers = [];
        for (int level = 0; level < levels; level++) layers.AddRange(
            around(new Conv2d(level == 0 ? channels : width << (level - 1), width << level, Kernel, options, stride: 2, ConvPadding.Same,
                weightInitializer: s_weights, biasInitializer: Initializers.Zeros)),
            new LeakyRelu(Slope), new Dropout(dropout, options));
        return new Sequential([.. layers, new Flatten(), around(new Linear(
            seed * seed * (width << (levels - 1)), 1, options, bias: true, s_weights, Initializers.Zeros))]);
    }

    /// <summary>
    /// D: images [n, side, side, channels] to scores [n, 1], by convolutions of stride 2 to 14 x 14, 7 x 7 and 4 x 4 (from others as often
    /// until they are no larger than that), LeakyReLU 0.2 after each, and a fully connected layer: the critic that Gulrajani et al. 2017
    /// (WGAN-GP, arXiv:1704.00028) train on MNIST. Its last convolution sees the whole image, and nothing in it looks at the rest of the
    /// batch or drops anything.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="width">Channels of the 14 x 14 images; those after have twice and four times as many.</param>
    /// <param name="around">What is put around each layer with weights; null for nothing.</param>
    /// <param name="channels">Channels of an image, times the samples in a group where the critic gets them packed.</param>
    /// <param name="side">Rows and columns of an image.</param>
    public static Sequential Critic(
        ModuleOptions options, int width = 64, Func<Module, Module>? around = null, int channels = 1, int side = Side)
    {
        around ??= layer => layer;
        return new Sequential([.. CriticBody(options, width, around, channels, side).Layers,
            around(new Linear(CriticFeatures(width, side), 1, options))]);
    }

    /// <summary>
    /// The number of features that <see cref="CriticBody"/> has for an image: 4 x 4 places of its last channels, or fewer.
    /// </summary>
    /// <param name="width">Channels of the 14 x 14 images.</param>
    /// <param name="side">Rows and columns of an image.</param>
    public static int CriticFeatures(int width, int side = Side)
    {
        int levels = CriticLevels(side);
        for (int level = 0; level < levels; level++) side = (side + 1) / 2;
        return side * side * (width << (levels - 1));
    }

    /// <summary>
    /// The critic without its last layer, for heads of other kinds: images [n, side, side, channels] to features
    /// [n, <see cref="CriticFeatures"/>].
    /// </summary>
    /// <inheritdoc cref="Critic"/>
    public static Sequential CriticBody(
        ModuleOptions options, int width = 64, Func<Module, Module>? around = null, int channels = 1, int side = Side)
    {
        around ??= layer => layer;
        List<Module> layers = [];
        for (int level = 0; level < CriticLevels(side); level++)
        {
            layers.Add(around(new Conv2d(level == 0 ? channels : width << (level - 1), width << level, Kernel, options, stride: 2,
                ConvPadding.Same)));
            layers.Add(new LeakyRelu(Slope));
        }

        return new Sequential([.. layers, new Flatten()]);
    }

    /// <summary>
    /// D: images [n, ...] to logits [n, 1], by fully connected layers of 1024, 512 and 256 without bias, batch normalisation and
    /// LeakyReLU 0.2 after each. It judges a batch by its own statistics, so real and generated samples should come as separate batches,
    /// as <see cref="Gan"/> has them.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="width">Features of the last hidden layer; those before have twice and four times as many.</param>
    /// <param name="pixels">Values of an image.</param>
    public static Sequential DenseDiscriminator(ModuleOptions options, int width = 256, int pixels = Side * Side) => new(
        new Flatten(),
        new Linear(pixels, 4 * width, options, bias: false, s_weights), Norm(4 * width, options), new LeakyRelu(Slope),
        new Linear(4 * width, 2 * width, options, bias: false, s_weights), Norm(2 * width, options), new LeakyRelu(Slope),
        new Linear(2 * width, width, options, bias: false, s_weights), Norm(width, options), new LeakyRelu(Slope),
        new Linear(width, 1, options, bias: false, s_weights));

    private static int Halvings(int side)
    {
        int levels = 2;
        while (side >> levels > GreatestSeed) levels++;
        return levels;
    }

    // At least one.
    private static int CriticLevels(int side)
    {
        int levels = 1;
        for (side = (side + 1) / 2; side > CriticSeed; side = (side + 1) / 2) levels++;
        return levels;
    }

    private static BatchNorm Norm(int channels, ModuleOptions options) =>
        new(channels, options, weightInitializer: Initializers.DcganScale);
}
