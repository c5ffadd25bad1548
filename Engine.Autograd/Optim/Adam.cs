using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Optimizers;

namespace Engine.Autograd.Optim;

/// <summary>Adam (Kingma and Ba 2014, arXiv:1412.6980), in one fused pass over the parameters.</summary>
public class Adam : Optimizer
{
    private readonly Storage[] _means;
    private readonly Storage[] _squares;
    private readonly double _weightDecay;

    /// <summary>Creates the optimizer.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="beta1">The decay of the mean of the gradients, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">A small constant that keeps the divisor from 0.</param>
    /// <exception cref="ArgumentException">There is no parameter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Adam(IReadOnlyList<Parameter> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
        double epsilon = 1e-8)
        : this(parameters, learningRate, beta1, beta2, epsilon, 0)
    {
    }

    private protected Adam(IReadOnlyList<Parameter> parameters, double learningRate, double beta1, double beta2, double epsilon,
        double weightDecay)
        : base(parameters, learningRate)
    {
        _weightDecay = weightDecay;
        Beta1 = beta1 is >= 0 and < 1 ? beta1 : throw new ArgumentOutOfRangeException(nameof(beta1), beta1, "A decay must be in [0, 1).");
        Beta2 = beta2 is >= 0 and < 1 ? beta2 : throw new ArgumentOutOfRangeException(nameof(beta2), beta2, "A decay must be in [0, 1).");
        Epsilon = epsilon >= 0 ? epsilon : throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Epsilon must not be negative.");
        _means = NewState("mean");
        _squares = NewState("square");
    }

    /// <summary>The decay of the mean of the gradients.</summary>
    public double Beta1 { get; }

    /// <summary>The decay of the mean of their squares.</summary>
    public double Beta2 { get; }

    /// <summary>A small constant that keeps the divisor from 0.</summary>
    public double Epsilon { get; }

    private protected override void Update(ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> gradients) =>
        AdamUpdate.Run(parameters, _means, _squares, gradients, Steps, LearningRate, Beta1, Beta2, Epsilon, _weightDecay);
}

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101): besides Adam's step each parameter loses the share
/// learningRate weightDecay of itself. Every parameter decays; pass biases and scales that should not to an <see cref="Adam"/> of their
/// own.
/// </summary>
public sealed class AdamW : Adam
{
    /// <summary>Creates the optimizer.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="beta1">The decay of the mean of the gradients, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">A small constant that keeps the divisor from 0.</param>
    /// <param name="weightDecay">The decay of the parameters, at least 0: times the learning rate, the share that is taken off in a
    /// step.</param>
    /// <exception cref="ArgumentException">There is no parameter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public AdamW(
        IReadOnlyList<Parameter> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8,
        double weightDecay = 1e-2)
        : base(parameters, learningRate, beta1, beta2, epsilon, Checked(weightDecay)) => WeightDecay = weightDecay;

    /// <summary>The decay of the parameters.</summary>
    public double WeightDecay { get; }

    private static double Checked(double weightDecay) => weightDecay >= 0 && double.IsFinite(weightDecay)
        ? weightDecay
        : throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "The weight decay must be finite and not negative.");
}
