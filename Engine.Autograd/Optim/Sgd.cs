using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Optimizers;

namespace Engine.Autograd.Optim;

/// <summary>Stochastic gradient descent, with momentum v = momentum v + g, p -= learningRate v.</summary>
public sealed class Sgd : Optimizer
{
    private readonly double _momentum;
    private readonly Storage[]? _velocities;

    /// <summary>Creates the optimizer.</summary>
    /// <param name="parameters">The parameters to train.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="momentum">The share of the velocity that stays from step to step, in [0, 1); 0 is plain descent.</param>
    /// <param name="weightDecay">The weight of an L2 penalty, at least 0: each gradient g becomes g + weightDecay p.</param>
    /// <exception cref="ArgumentException">There is no parameter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public Sgd(IReadOnlyList<Parameter> parameters, double learningRate, double momentum = 0, double weightDecay = 0)
        : this(ParameterGroups.Of(parameters), learningRate, momentum, weightDecay)
    {
    }

    /// <summary>Creates the optimizer of parameters in groups.</summary>
    /// <inheritdoc cref="Sgd(IReadOnlyList{Parameter}, double, double, double)"/>
    public Sgd(ParameterGroups parameters, double learningRate, double momentum = 0, double weightDecay = 0)
        : base(parameters, learningRate, weightDecay)
    {
        _momentum = momentum is >= 0 and < 1 ? momentum
            : throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "Momentum must be in [0, 1).");
        if (momentum > 0) _velocities = NewState("velocity");
    }

    private protected override void Update(
        UpdateGroup group, Storage[] parameters, Storage[] gradients, double learningRate, double weightDecay)
    {
        if (_velocities is null) SgdUpdate.Run(parameters, gradients, learningRate, weightDecay);
        else SgdUpdate.Run(parameters, group.Of(_velocities), gradients, learningRate, _momentum, weightDecay);
    }
}
