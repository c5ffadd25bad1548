using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels.Gemm;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Adversarial.SemiSupervised;

/// <summary>
/// The networks of Salimans et al. 2016 (arXiv:1606.03498, section 6.1) for flat images in [0, 1], such as the 784 pixels of MNIST.
/// </summary>
public static class SemiSupervisedNetworks
{
    /// <summary>
    /// G: noise [n, latent] to images [n, pixels] in [0, 1], by two hidden layers with batch normalisation and softplus; the weights of an
    /// output pixel have norm 1.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values.</param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="pixels">Elements of an image.</param>
    /// <param name="hidden">Features of a hidden layer.</param>
    public static Sequential Generator(ModuleOptions options, int latent = 100, int pixels = 784, int hidden = 500) => new(
        new Linear(latent, hidden, options, bias: false), new BatchNorm(hidden, options), new Softplus(),
        new Linear(hidden, hidden, options, bias: false), new BatchNorm(hidden, options), new Softplus(),
        new UnitLinear(hidden, pixels, options), new Sigmoid());

    /// <summary>
    /// D: images [n, pixels] to logits of the classes [n, classes], by five hidden layers of weight-normalised units, with noise of
    /// deviation 0.3 on the pixels and 0.5 between the layers, in training. The features that G matches are those of the last hidden layer.
    /// </summary>
    /// <param name="options">Device, element type, and the source of the initial values and of the noise.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="pixels">Elements of an image.</param>
    /// <param name="width">Features of the last three hidden layers; the first has four times and the second twice as many.</param>
    /// <returns>The hidden layers, and the last one.</returns>
    public static (Sequential Body, Module Head) Discriminator(ModuleOptions options, int classes, int pixels = 784, int width = 250)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<Module> layers = [new GaussianNoise(0.3, options)];
        int from = pixels;
        foreach (int to in (ReadOnlySpan<int>)[4 * width, 2 * width, width, width, width])
        {
            layers.AddRange([Layer(from, to), new Relu(), new GaussianNoise(0.5, options)]);
            from = to;
        }

        return (new Sequential([.. layers]), Layer(width, classes));

        Module Layer(int inputs, int outputs) => new WeightNorm(
            new Linear(inputs, outputs, options, weightInitializer: Initializers.HeNormal, biasInitializer: Initializers.Zeros));
    }
}

/// <summary>Adds normally distributed noise in training, and nothing in evaluation.</summary>
public sealed class GaussianNoise : Module
{
    private readonly double _deviation;
    private readonly RandomStream _random;

    /// <summary>Creates the layer.</summary>
    /// <param name="deviation">The standard deviation; at least 0.</param>
    /// <param name="options">The source of the noise.</param>
    /// <exception cref="ArgumentOutOfRangeException">The deviation is negative or not finite.</exception>
    public GaussianNoise(double deviation, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!(deviation >= 0) || double.IsInfinity(deviation)) throw new ArgumentOutOfRangeException(
            nameof(deviation), deviation, $"GaussianNoise: expected a finite deviation of at least 0, found {deviation}.");
        (_deviation, _random) = (deviation, UseRandom(options.Random));
    }

    /// <summary>x + deviation e, with e from N(0, 1).</summary>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return IsTraining && _deviation > 0 ? x + (_deviation * Tensor.Normal(x.Shape, _random, dtype: x.DType)) : x;
    }
}

/// <summary>A fully connected layer y = x V / |V| + b whose weights have norm 1 for each output.</summary>
public sealed class UnitLinear : Module
{
    private readonly Linear _layer;

    /// <summary>Creates the layer.</summary>
    /// <param name="inputs">Features in; at least 1.</param>
    /// <param name="outputs">Features out; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public UnitLinear(int inputs, int outputs, ModuleOptions options) => _layer = AddModule("layer",
        new Linear(inputs, outputs, options, weightInitializer: Initializers.Normal(0, 0.1), biasInitializer: Initializers.Zeros));

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) =>
        _layer.Forward(x, _layer.Weight / _layer.Weight.Norm(0).Reshape(1, -1), Activation.None);
}
