using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd.Nn;

/// <summary>
/// A layer whose weight is divided by its largest singular value, so that it stretches no input by more than 1: spectral normalisation
/// (Miyato et al. 2018, arXiv:1802.05957), which bounds the Lipschitz constant of a GAN's discriminator. The weight of a convolution counts
/// as the matrix [kernel height x kernel width x inputs, outputs], as in the paper.
/// </summary>
/// <remarks>
/// The singular value is found by power iteration, one step at each forward pass in training by default, from the singular vectors of the
/// last one. They are the buffers <c>u</c>, [outputs], and <c>v</c>, so that a checkpoint keeps them; in evaluation they stay as they are.
/// </remarks>
public sealed class SpectralNorm : ReparameterizedLayer
{
    /// <summary>The length below which a vector is not stretched to length 1.</summary>
    private const double Epsilon = 1e-12;

    private readonly int _iterations;

    /// <summary>Creates the layer around another.</summary>
    /// <param name="layer">The inner layer: a Linear, Conv1d, Conv2d or ConvTranspose2d.</param>
    /// <param name="random">Where the first singular vectors come from.</param>
    /// <param name="iterations">Steps of the power iteration at each forward pass in training; at least 1.</param>
    /// <exception cref="ArgumentException">The layer has no weight that can be replaced.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are no iterations.</exception>
    public SpectralNorm(Module layer, RandomStream random, int iterations = 1) : base(layer)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (iterations < 1) throw new ArgumentOutOfRangeException(
            nameof(iterations), $"SpectralNorm: expected at least 1 iteration, found {iterations}.");
        _iterations = iterations;
        int outputs = InnerWeight.Shape[OutputAxis];
        ModuleOptions options = new(random, InnerWeight.Device, InnerWeight.DType);
        U = NewBuffer("u", [outputs], Direction, options);
        V = NewBuffer("v", [InnerWeight.Count / outputs], Direction, options);
    }

    /// <summary>The right singular vector: [outputs].</summary>
    public Tensor U { get; }

    /// <summary>The left singular vector: an element for each element of the weight that belongs to one output.</summary>
    public Tensor V { get; }

    /// <summary>W / sigma(W); in training after steps of the power iteration.</summary>
    public override Tensor EffectiveWeight()
    {
        // Copies: the buffers change at the next forward pass, and the gradient of this one needs what it worked with.
        Tensor u = U + 0, v = V + 0;
        if (IsTraining)
        {
            Tensor matrix = InnerWeight.Detach().AsMatrix(OutputAxis);
            for (int i = 0; i < _iterations; i++)
            {
                // v = M u / |M u|, u = M^T v / |M^T v|
                v = Unit(matrix.MatMul(u.Reshape(-1, 1)).Reshape(-1));
                u = Unit(v.Reshape(1, -1).MatMul(matrix).Reshape(-1));
            }

            Keep(u, U);
            Keep(v, V);
        }

        return InnerWeight.SpectralNorm(u, v, OutputAxis);
    }

    private static Tensor Unit(Tensor x) => x / Tensor.Maximum(x.Norm(), Tensor.Full([], Epsilon, x.DType, x.Device));

    private static void Keep(Tensor value, Tensor buffer)
    {
        Move.Copy(value.Storage, buffer.Storage);
        buffer.Storage.Version++;
    }

    /// <summary>A normal vector of length 1.</summary>
    private static void Direction(Storage storage, Shape shape, RandomStream random)
    {
        Initializers.Normal(0, 1)(storage, shape, random);
        using Tape tape = new(storage.Device, record: false);
        Move.Copy(Unit(new Tensor(storage, shape, null)).Storage, storage);
    }
}
