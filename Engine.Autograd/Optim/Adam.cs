using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Optimizers;

namespace Engine.Autograd.Optim;

/// <summary>
/// Adam (Kingma and Ba 2014, arXiv:1412.6980), in one fused pass over the parameters. A weight decay is that of an L2 penalty, whose
/// gradient goes through the moments; <see cref="AdamW"/> decouples it.
/// </summary>
public class Adam : Optimizer
{
    private readonly Storage[] _means;
    private readonly Storage[] _squares;
    private readonly bool _isDecoupled;

    /// <summary>Creates the optimizer.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="beta1">The decay of the mean of the gradients, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">A small constant that keeps the divisor from 0. With 0, an element whose gradients have all been 0, or too
    /// small to be squared, makes no step.</param>
    /// <param name="weightDecay">The weight of an L2 penalty, at least 0: each gradient g becomes g + weightDecay p.</param>
    /// <exception cref="ArgumentException">There is no parameter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Adam(IReadOnlyList<Parameter> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
        double epsilon = 1e-8, double weightDecay = 0)
        : this(ParameterGroups.Of(parameters), learningRate, beta1, beta2, epsilon, weightDecay, isDecoupled: false)
    {
    }

    /// <summary>Creates the optimizer of parameters in groups.</summary>
    /// <inheritdoc cref="Adam(IReadOnlyList{Parameter}, double, double, double, double, double)"/>
    public Adam(ParameterGroups parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8,
        double weightDecay = 0)
        : this(parameters, learningRate, beta1, beta2, epsilon, weightDecay, isDecoupled: false)
    {
    }

    private protected Adam(ParameterGroups parameters, double learningRate, double beta1, double beta2, double epsilon,
        double weightDecay, bool isDecoupled)
        : base(parameters, learningRate, weightDecay)
    {
        _isDecoupled = isDecoupled;
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

    private protected override void Update(
        UpdateGroup group, Storage[] parameters, Storage[] gradients, double learningRate, double weightDecay) => AdamUpdate.Run(
            parameters, group.Of(_means), group.Of(_squares), gradients, Steps, learningRate, Beta1, Beta2, Epsilon,
            _isDecoupled ? weightDecay : 0, _isDecoupled ? 0 : weightDecay);
}

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101): besides Adam's step each parameter loses the share
/// learningRate weightDecay of itself. Every parameter decays; <see cref="ParameterGroups.WithoutDecayOfVectors"/> spares biases and the
/// scales and shifts of normalisations.
/// </summary>
public sealed class AdamW : Adam
{
    /// <summary>Creates the optimizer.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="beta1">The decay of the mean of the gradients, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">A small constant that keeps the divisor from 0. With 0, an element whose gradients have all been 0, or too
    /// small to be squared, only decays.</param>
    /// <param name="weightDecay">The decay of the parameters, at least 0: times the learning rate, the share that is taken off in a
    /// step.</param>
    /// <exception cref="ArgumentException">There is no parameter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public AdamW(
        IReadOnlyList<Parameter> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8,
        double weightDecay = 1e-2)
        : base(ParameterGroups.Of(parameters), learningRate, beta1, beta2, epsilon, weightDecay, isDecoupled: true)
    {
    }

    /// <summary>Creates the optimizer of parameters in groups.</summary>
    /// <inheritdoc cref="AdamW(IReadOnlyList{Parameter}, double, double, double, double, double)"/>
    public AdamW(
        ParameterGroups parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8,
        double weightDecay = 1e-2)
        : base(parameters, learningRate, beta1, beta2, epsilon, weightDecay, isDecoupled: true)
    {
    }
}
