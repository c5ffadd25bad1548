using Engine.Kernels;

namespace Engine.Autograd;

/// <summary>Losses, averaged over all elements unless it is said otherwise.</summary>
public static class Loss
{
    // The smallest probability whose logarithm is not held: e^-100.
    private const double Smallest = 3.720075976020836e-44;

    /// <summary>The mean binary cross-entropy of probabilities, in nats; each logarithm is held at -100 from below.</summary>
    /// <param name="probabilities">p, from 0 to 1; any shape.</param>
    /// <param name="targets">t, from 0 to 1, of the same shape.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor BinaryCrossEntropy(Tensor probabilities, Tensor targets) =>
        BinaryCrossEntropyElements(probabilities, targets).Mean();

    /// <summary>The binary cross-entropy of each probability.</summary>
    /// <inheritdoc cref="BinaryCrossEntropy"/>
    public static Tensor BinaryCrossEntropyElements(Tensor probabilities, Tensor targets)
    {
        Tensor p = probabilities;
        Tape tape = Check("BinaryCrossEntropy", p, targets);
        Tensor loss = tape.NewTensor(p.Shape, p.DType);
        Kernels.BinaryCrossEntropy.FromProbabilities(p.Storage, targets.Storage, loss.Storage);

        // dp = g (p - t) / (p (1 - p))
        return tape.Record("BinaryCrossEntropy", loss, new Rule(p, g => Tape.IsRecordingNow
            ? g * (p - targets) / (p * (1 - p)).Clamp(1e-12, 1)
            : Fused(g, p, targets, Kernels.BinaryCrossEntropy.FromProbabilitiesGradient)),

            // dt = g (log(1 - p) - log p)
            new Rule(targets, g => g * ((1 - p).Clamp(Smallest, 1).Log() - p.Clamp(Smallest, 1).Log())));
    }

    /// <summary>The mean binary cross-entropy of sigmoid(x) from the logits x, in nats; accurate for any x.</summary>
    /// <param name="logits">x; any shape.</param>
    /// <param name="targets">t, from 0 to 1, of the same shape.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor BinaryCrossEntropyFromLogits(Tensor logits, Tensor targets) =>
        BinaryCrossEntropyFromLogitsElements(logits, targets).Mean();

    /// <summary>The binary cross-entropy of each logit.</summary>
    /// <inheritdoc cref="BinaryCrossEntropyFromLogits"/>
    public static Tensor BinaryCrossEntropyFromLogitsElements(Tensor logits, Tensor targets)
    {
        Tensor x = logits;
        Tape tape = Check("BinaryCrossEntropyFromLogits", x, targets);
        Tensor loss = tape.NewTensor(x.Shape, x.DType);
        Kernels.BinaryCrossEntropy.FromLogits(x.Storage, targets.Storage, loss.Storage);

        // dx = g (sigmoid(x) - t)
        return tape.Record("BinaryCrossEntropyFromLogits", loss, new Rule(x, g => Tape.IsRecordingNow
            ? g * (x.Sigmoid() - targets)
            : Fused(g, x, targets, Kernels.BinaryCrossEntropy.FromLogitsGradient)),

            // dt = -g x
            new Rule(targets, g => -(g * x)));
    }

    /// <summary>The mean squared error.</summary>
    /// <param name="prediction">What was predicted; any shape.</param>
    /// <param name="target">What should have been, broadcast to it.</param>
    /// <exception cref="ArgumentException">The shapes do not broadcast, or the types differ.</exception>
    public static Tensor MeanSquaredError(Tensor prediction, Tensor target) => (prediction - target).Square().Mean();

    private static Tape Check(string operation, Tensor x, Tensor targets)
    {
        if (x.Shape != targets.Shape) throw new ArgumentException($"{operation}: predictions {x.Shape} and targets {targets.Shape} must have one shape.");
        if (x.DType != targets.DType) throw new ArgumentException($"{operation}: predictions hold {x.DType}, targets {targets.DType}.");
        return Tape.Open(operation);
    }

    private static Tensor Fused(Tensor g, Tensor x, Tensor targets, Action<Storage, Storage, Storage, Storage> kernel)
    {
        Tensor result = Tape.Open("Gradients").NewTensor(x.Shape, x.DType);
        kernel(g.Storage, x.Storage, targets.Storage, result.Storage);
        return result;
    }
}
