using Engine.Kernels.Gemm;

namespace Engine.Autograd.Nn;

/// <summary>
/// Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) over all axes but the innermost: [N, C], or images [N, H, W, C]. In
/// training with the statistics of the batch, which also move the running ones on, at every forward pass; in evaluation with the running
/// ones. The parameters <c>weight</c> and <c>bias</c> and the buffers <c>running_mean</c> and <c>running_var</c> are [C] each.
/// </summary>
public sealed class BatchNorm : Module, IFusesActivation
{
    private readonly double _epsilon;
    private double _momentum;

    /// <summary>Creates the layer.</summary>
    /// <param name="channels">C; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="momentum">The weight of the newest batch in the running statistics, in [0, 1].</param>
    /// <param name="epsilon">The constant that is added to the variance; positive.</param>
    /// <param name="affine">False for a layer without weight and bias.</param>
    /// <param name="weightInitializer">The initialiser of the weight; null takes ones. DCGAN takes Normal(1, 0.02).</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no channels, or the momentum or epsilon is out of range.</exception>
    public BatchNorm(int channels, ModuleOptions options, double momentum = 0.1, double epsilon = 1e-5, bool affine = true,
        Initializer? weightInitializer = null)
    {
        CheckExtent(channels);
        if (!(epsilon > 0) || double.IsInfinity(epsilon)) throw new ArgumentOutOfRangeException(
            nameof(epsilon), epsilon, $"BatchNorm: epsilon must be positive and finite, found {epsilon}.");
        (_momentum, _epsilon) = (Checked(momentum, nameof(momentum)), epsilon);
        if (affine)
        {
            Weight = NewParameter("weight", [channels], weightInitializer ?? Initializers.Ones, options);
            Bias = NewParameter("bias", [channels], Initializers.Zeros, options);
        }

        RunningMean = NewBuffer("running_mean", [channels], Initializers.Zeros, options);
        RunningVariance = NewBuffer("running_var", [channels], Initializers.Ones, options);
    }

    internal double Epsilon => _epsilon;

    /// <summary>What each normalised channel is multiplied by: [C]; null when the layer is not affine.</summary>
    public Parameter? Weight { get; }

    /// <summary>What is added to each channel: [C]; null when the layer is not affine.</summary>
    public Parameter? Bias { get; }

    /// <summary>The weight of the newest batch in the running statistics, in [0, 1].</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is set to what is out of range.</exception>
    public double Momentum
    {
        get => _momentum;
        set => _momentum = Checked(value, nameof(value));
    }

    /// <summary>The mean of each channel, gathered in training: [C].</summary>
    public Tensor RunningMean { get; }

    /// <summary>The unbiased variance of each channel, gathered in training: [C].</summary>
    public Tensor RunningVariance { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, Activation.None);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, Activation activation) =>
        x.BatchNorm(Weight, Bias, RunningMean, RunningVariance, IsTraining, _momentum, _epsilon, activation);

    private static double Checked(double momentum, string name) => momentum is >= 0 and <= 1 ? momentum
        : throw new ArgumentOutOfRangeException(name, momentum, $"BatchNorm: the momentum must be in [0, 1], found {momentum}.");
}
