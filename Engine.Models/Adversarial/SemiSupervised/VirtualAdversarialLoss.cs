using Engine.Autograd;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Adversarial.SemiSupervised;

/// <summary>
/// Virtual adversarial training (Miyato et al. 2017, arXiv:1704.03976, algorithm 1): how far the classes that a network infers move when
/// its input takes a small step in the direction that moves them most. It needs no labels, so that every sample without one says where
/// no boundary between classes may run: near itself.
/// </summary>
/// <param name="radius">The Euclidean length of the step for each sample.</param>
/// <param name="probe">The length of the random step from which the direction is found, much shorter than the radius.</param>
/// <exception cref="ArgumentOutOfRangeException">A length is not positive and finite.</exception>
public sealed class VirtualAdversarialLoss(double radius, double probe = 0.1)
{
    /// <summary>The Euclidean length of the step for each sample.</summary>
    public double Radius { get; } = Checked(radius, nameof(radius));

    /// <summary>The length of the random step from which the direction is found.</summary>
    public double Probe { get; } = Checked(probe, nameof(probe));

    /// <summary>The mean divergence over the samples, in nats.</summary>
    /// <param name="classify">Samples [samples, elements] to logits [samples, classes], by operations on the current tape.</param>
    /// <param name="x">[samples, elements].</param>
    /// <param name="random">Draws the first step.</param>
    public Tensor Of(Func<Tensor, Tensor> classify, Tensor x, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(classify);
        ArgumentNullException.ThrowIfNull(x);
        Tensor logits = classify(x).Detach();
        return Divergence(logits, classify(x.Detach() + Step(classify, x, random, logits)));
    }

    /// <summary>The step that is taken: of <see cref="Radius"/> for each sample, [samples, elements].</summary>
    /// <inheritdoc cref="Of"/>
    public Tensor Step(Func<Tensor, Tensor> classify, Tensor x, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(classify);
        ArgumentNullException.ThrowIfNull(x);
        return Step(classify, x, random, classify(x).Detach());
    }

    private Tensor Step(Func<Tensor, Tensor> classify, Tensor x, RandomStream random, Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(random);
        Tape tape = Tape.Current ?? throw new InvalidOperationException(
            "VirtualAdversarialLoss: expected an open tape, on which the direction's gradient is taken, found none.");

        // r = probe d / |d|, g = the gradient of KL(p(x) || p(x + r)) by r, the step = radius g / |g|: one step of the power method
        Tensor r = tape.Watch(OfLength(Probe, Tensor.Normal(x.Shape, random, dtype: x.DType)));
        return OfLength(Radius, tape.Gradient(Divergence(logits, classify(x.Detach() + r)), r));
    }

    // KL(p || q) = sum p (log p - log q), the mean over the samples
    private static Tensor Divergence(Tensor p, Tensor q) => (p.Softmax() * (p.LogSoftmax() - q.LogSoftmax())).Sum(1).Mean();

    // A gradient of zero, where no step moves anything, stays zero. Scaled by the largest element first: squares of small ones vanish.
    private static Tensor OfLength(double length, Tensor direction)
    {
        const double Tiny = 1e-30;
        int rows = direction.Shape[0];
        direction = direction.Detach();
        Tensor scaled = direction / (direction.Abs().Max(1).Reshape(rows, 1) + Tiny);
        return (length * scaled / (scaled.Square().Sum(1).Reshape(rows, 1) + Tiny).Sqrt()).Detach();
    }

    private static double Checked(double length, string name) => length > 0 && double.IsFinite(length) ? length
        : throw new ArgumentOutOfRangeException(
            name, length, $"VirtualAdversarialLoss: {name} must be positive and finite, found {length}.");
}
