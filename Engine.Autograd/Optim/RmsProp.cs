using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Optimizers;

namespace Engine.Autograd.Optim;

/// <summary>
/// RMSProp (Tieleman and Hinton 2012, lecture 6.5): descent by g / (sqrt(mean of g²) + epsilon), with the defaults of PyTorch. Centred, the
/// mean of the gradients is taken off, so that they are divided by their deviation (Graves 2013, arXiv:1308.0850).
/// </summary>
public sealed class RmsProp : Optimizer
{
    private readonly double _momentum;
    private readonly Storage[] _squares;
    private readonly Storage[] _means = [];
    private readonly Storage[] _velocities = [];

    /// <summary>Creates the optimizer.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="alpha">The decay of the mean of the squared gradients, in [0, 1).</param>
    /// <param name="epsilon">A small constant that keeps the divisor from 0. With 0, an element whose divisor is 0 makes no
    /// step.</param>
    /// <param name="momentum">The share of the velocity that stays from step to step, in [0, 1).</param>
    /// <param name="centered">True to divide by the gradients' deviation.</param>
    /// <param name="weightDecay">The weight of an L2 penalty, at least 0: each gradient g becomes g + weightDecay p.</param>
    /// <exception cref="ArgumentException">There is no parameter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public RmsProp(
        IReadOnlyList<Parameter> parameters, double learningRate = 1e-2, double alpha = 0.99, double epsilon = 1e-8, double momentum = 0,
        bool centered = false, double weightDecay = 0)
        : this(ParameterGroups.Of(parameters), learningRate, alpha, epsilon, momentum, centered, weightDecay)
    {
    }

    /// <summary>Creates the optimizer of parameters in groups.</summary>
    /// <inheritdoc cref="RmsProp(IReadOnlyList{Parameter}, double, double, double, double, bool, double)"/>
    public RmsProp(
        ParameterGroups parameters, double learningRate = 1e-2, double alpha = 0.99, double epsilon = 1e-8, double momentum = 0,
        bool centered = false, double weightDecay = 0)
        : base(parameters, learningRate, weightDecay)
    {
        Alpha = alpha is >= 0 and < 1 ? alpha : throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "A decay must be in [0, 1).");
        Epsilon = epsilon >= 0 ? epsilon : throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Epsilon must not be negative.");
        _momentum = momentum is >= 0 and < 1 ? momentum
            : throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "Momentum must be in [0, 1).");
        _squares = NewState("square");
        if (centered) _means = NewState("mean");
        if (momentum > 0) _velocities = NewState("velocity");
    }

    /// <summary>The decay of the mean of the squared gradients.</summary>
    public double Alpha { get; }

    /// <summary>A small constant that keeps the divisor from 0.</summary>
    public double Epsilon { get; }

    private protected override void Update(
        UpdateGroup group, Storage[] parameters, Storage[] gradients, double learningRate, double weightDecay) => RmsPropUpdate.Run(
            parameters, group.Of(_squares), group.Of(_means), group.Of(_velocities), gradients, learningRate, Alpha, Epsilon, _momentum,
            weightDecay);
}
