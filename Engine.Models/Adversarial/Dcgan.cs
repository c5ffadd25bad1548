using Engine.Autograd.Nn;

namespace Engine.Models.Adversarial;

/// <summary>
/// The networks of a deep convolutional GAN (Radford, Metz and Chintala 2015, arXiv:1511.06434) for grey images of 28 x 28 in [-1, 1], in the form in which tutorials
/// train it on MNIST. The discriminators give logits: join them to a generator in a <see cref="Gan"/> with an objective that takes logits.
/// </summary>
public static class Dcgan
{
    /// <summary>Rows and columns of an image.</summary>
    public const int Side = 28;

    // The smallest images: what two transposed convolutions of stride 2 make 28 from.
    private const int Seed = Side / 4;
    private const double Slope = 0.2;

    /// <summary>
    /// G: noise [n, latent] to images [n, 28, 28, 1]. A fully connected layer makes images of 7 x 7, two transposed convolutions of stride 2 make 14 x 14 and
    /// 28 x 28 of them, a last one draws; batch normalisation and LeakyReLU 0.2 between them, tanh at the end.
    /// </summary>
    /// <param name="options">Where it is, and where the initial values come from.</param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="width">Channels of the last images before the drawn ones; those before have twice and four times as many.</param>
    public static Sequential Generator(ModuleOptions options, int latent = 100, int width = 64) => new(
        new Linear(latent, Seed * Seed * 4 * width, options, bias: false), new BatchNorm(Seed * Seed * 4 * width, options), new LeakyRelu(Slope),
        new Unflatten(Seed, Seed, 4 * width),

        // A bias before batch normalisation would be subtracted again with the mean.
        new ConvTranspose2d(4 * width, 2 * width, kernel: 5, options, stride: 2, padding: ConvPadding.Same, bias: false), new BatchNorm(2 * width, options), new LeakyRelu(Slope),
        new ConvTranspose2d(2 * width, width, kernel: 5, options, stride: 2, padding: ConvPadding.Same, bias: false), new BatchNorm(width, options), new LeakyRelu(Slope),
        new ConvTranspose2d(width, 1, kernel: 7, options, padding: ConvPadding.Same), new Tanh());

    /// <summary>
    /// D: images [n, 28, 28, 1] to logits [n, 1], by convolutions of stride 2 to 14 x 14 and 7 x 7, LeakyReLU 0.2 and dropout 0.3 behind each, and a fully
    /// connected layer.
    /// </summary>
    /// <param name="options">Where it is, and where the initial values and the masks of dropout come from.</param>
    /// <param name="width">Channels of the 14 x 14 images; those of 7 x 7 have twice as many.</param>
    public static Sequential ConvolutionalDiscriminator(ModuleOptions options, int width = 64) => new(
        new Conv2d(1, width, kernel: 5, options, stride: 2, padding: ConvPadding.Same), new LeakyRelu(Slope), new Dropout(0.3, options),
        new Conv2d(width, 2 * width, kernel: 5, options, stride: 2, padding: ConvPadding.Same), new LeakyRelu(Slope), new Dropout(0.3, options),
        new Flatten(), new Linear(Seed * Seed * 2 * width, 1, options));

    /// <summary>
    /// D: images [n, 28, 28, 1] to logits [n, 1], by fully connected layers of 1024, 512 and 256 without bias, batch normalisation and LeakyReLU 0.2 behind each. It
    /// judges a batch by its own statistics, so real and generated samples should come as separate batches, as <see cref="Gan"/> has them.
    /// </summary>
    /// <param name="options">Where it is, and where the initial values come from.</param>
    /// <param name="width">Features of the last hidden layer; those before have twice and four times as many.</param>
    public static Sequential DenseDiscriminator(ModuleOptions options, int width = 256) => new(
        new Flatten(),
        new Linear(Side * Side, 4 * width, options, bias: false), new BatchNorm(4 * width, options), new LeakyRelu(Slope),
        new Linear(4 * width, 2 * width, options, bias: false), new BatchNorm(2 * width, options), new LeakyRelu(Slope),
        new Linear(2 * width, width, options, bias: false), new BatchNorm(width, options), new LeakyRelu(Slope),
        new Linear(width, 1, options, bias: false));
}
