using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd.Nn;

/// <summary>Fills a parameter with its first values.</summary>
/// <param name="storage">The parameter's memory.</param>
/// <param name="shape">Its shape. For a weight: [inputs, outputs], or [kernel height, kernel width, inputs, outputs].</param>
/// <param name="random">The source of randomness.</param>
public delegate void Initializer(Storage storage, Shape shape, RandomStream random);

/// <summary>
/// The initialisers in use. For those that look at inputs and outputs, a weight is [..., inputs, outputs]: what comes before is the extent
/// of a kernel, and multiplies both. The weight of a transposed convolution is that of the convolution whose input gradient it is, [kernel
/// height, kernel width, outputs, inputs], so its outputs count as inputs and the other way round, as they do in PyTorch.
/// </summary>
public static partial class Initializers
{
    /// <summary>Zeros.</summary>
    public static Initializer Zeros { get; } = Constant(0);

    /// <summary>Ones.</summary>
    public static Initializer Ones { get; } = Constant(1);

    /// <summary>
    /// Uniform in +-1 / sqrt(inputs), for weights: what fully connected layers have by default, as in PyTorch.
    /// </summary>
    public static Initializer LinearDefault { get; } = (storage, shape, random) => Symmetric(storage, random, 1 / Math.Sqrt(FanIn(shape)));

    /// <summary>Xavier uniform: in +-gain sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010).</summary>
    /// <param name="gain">A factor, 1 for tanh.</param>
    public static Initializer XavierUniform(double gain = 1) => (storage, shape, random) =>
        Symmetric(storage, random, gain * Math.Sqrt(6.0 / (FanIn(shape) + FanOut(shape))));

    /// <summary>Xavier normal: deviation gain sqrt(2 / (inputs + outputs)) (Glorot and Bengio 2010).</summary>
    /// <param name="gain">A factor, 1 for tanh.</param>
    public static Initializer XavierNormal(double gain = 1) => (storage, shape, random) =>
        Normal(storage, random, 0, gain * Math.Sqrt(2.0 / (FanIn(shape) + FanOut(shape))));

    /// <summary>He uniform: in +-sqrt(6 / inputs), for ReLU layers (He et al. 2015, arXiv:1502.01852).</summary>
    public static Initializer HeUniform { get; } = (storage, shape, random) => Symmetric(storage, random, Math.Sqrt(6.0 / FanIn(shape)));

    /// <summary>He normal: deviation sqrt(2 / inputs), for ReLU layers (He et al. 2015, arXiv:1502.01852).</summary>
    public static Initializer HeNormal { get; } = (storage, shape, random) => Normal(storage, random, 0, Math.Sqrt(2.0 / FanIn(shape)));

    /// <summary>N(0, 0.02²), for the weights of a DCGAN (Radford et al. 2015, arXiv:1511.06434, section 4).</summary>
    public static Initializer Dcgan { get; } = Normal(0, 0.02);

    /// <summary>N(1, 0.02²), for the scales of a DCGAN's batch normalisation, as its authors' code has it.</summary>
    public static Initializer DcganScale { get; } = Normal(1, 0.02);

    /// <summary>Normally distributed values.</summary>
    /// <param name="mean">The mean.</param>
    /// <param name="deviation">The standard deviation.</param>
    public static Initializer Normal(double mean, double deviation) => (storage, _, random) => Normal(storage, random, mean, deviation);

    /// <summary>Values uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end.</param>
    public static Initializer Uniform(double low, double high) => (storage, _, random) => Uniform(storage, random, low, high);

    /// <summary>One value.</summary>
    /// <param name="value">The value.</param>
    public static Initializer Constant(double value) => (storage, _, _) => Move.Fill(storage, value);

    // What a weight has in front of its last two axes are the taps of a kernel: an output sees so many of each input, an input goes into so
    // many.
    private static int FanIn(Shape shape) => shape.Rank == 0 ? 1 : Math.Max(1, shape.Count / Math.Max(1, shape[-1]));

    private static int FanOut(Shape shape) => shape.Rank < 2 ? Math.Max(1, shape.Count) : Math.Max(1, shape.Count / Math.Max(1, shape[-2]));

    private static void Symmetric(Storage storage, RandomStream random, double bound) => Uniform(storage, random, -bound, bound);

    private static void Uniform(Storage storage, RandomStream random, double low, double high) =>
        RandomUniform.Run(storage, low, high, random.Key, random.Reserve(storage.Length));

    private static void Normal(Storage storage, RandomStream random, double mean, double deviation) =>
        RandomNormal.Run(storage, mean, deviation, random.Key, random.Reserve(storage.Length));
}
