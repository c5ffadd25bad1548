using Engine.Autograd.Nn;

namespace Engine.Autograd.Optim;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101): besides Adam's step each parameter loses the share
/// learningRate weightDecay of itself. Every parameter decays; give biases and scales that should not to an <see cref="Adam"/> of their
/// own.
/// </summary>
public sealed class AdamW : Adam
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="beta1">The decay of the mean of the gradients, in [0, 1).</param>
    /// <param name="beta2">The decay of the mean of their squares, in [0, 1).</param>
    /// <param name="epsilon">What keeps the divisor from 0.</param>
    /// <param name="weightDecay">The decay of the parameters, at least 0: times the learning rate, the share that is taken off in a
    /// step.</param>
    /// <exception cref="ArgumentException">There is no parameter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
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
