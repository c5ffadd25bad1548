using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Losses;
using Engine.Kernels.Rows;

namespace Engine.Autograd.Losses;

/// <summary>Losses, averaged over all elements unless another reduction is asked for.</summary>
public static class Loss
{
    // The smallest probability whose logarithm is not held: e^-100.
    private const double Smallest = 3.720075976020836e-44;

    /// <summary>The binary cross-entropy of probabilities, in nats; each logarithm is held at -100 from below.</summary>
    /// <param name="probabilities">p, from 0 to 1; any shape.</param>
    /// <param name="targets">t, from 0 to 1, of the same shape.</param>
    /// <param name="reduction">How the elements are reduced.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor BinaryCrossEntropy(Tensor probabilities, Tensor targets, Reduction reduction = Reduction.Mean)
    {
        Tensor p = probabilities;
        Terms terms = OfOneShape(nameof(BinaryCrossEntropy), reduction, p, targets);
        Tensor loss = terms.Run(default(Kernels.Losses.BinaryCrossEntropy.Probabilities), p, targets);
        return terms.Record(
            loss,

            // dp = g (p - t) / (p (1 - p)); dt = g (log(1 - p) - log p)
            terms.Rule(p, g => g * (p - targets) / (p * (1 - p)).Clamp(1e-12, 1),
                g => terms.Fused(default(Kernels.Losses.BinaryCrossEntropy.ProbabilitiesGradient), g, p, targets)),
            terms.Rule(targets, g => g * ((1 - p).Clamp(Smallest, 1).Log() - p.Clamp(Smallest, 1).Log())));
    }

    /// <summary>The binary cross-entropy of sigmoid(x) from the logits x, in nats; accurate for any x.</summary>
    /// <param name="logits">x; any shape.</param>
    /// <param name="targets">t, from 0 to 1, of the same shape.</param>
    /// <param name="reduction">How the elements are reduced.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor BinaryCrossEntropyFromLogits(Tensor logits, Tensor targets, Reduction reduction = Reduction.Mean)
    {
        Terms terms = OfOneShape(nameof(BinaryCrossEntropyFromLogits), reduction, logits, targets);
        Tensor loss = terms.Run(default(Kernels.Losses.BinaryCrossEntropy.Logits), [logits, targets]);
        return terms.Record(
            loss,

            // dx = g (sigmoid(x) - t); dt = -g x
            terms.Rule(logits, g => g * (logits.Sigmoid() - targets),
                g => terms.Fused(default(Kernels.Losses.BinaryCrossEntropy.LogitsGradient), g, logits, targets)),
            terms.Rule(targets, g => -(g * logits)));
    }

    /// <summary>
    /// The terms of a loss of predictions and targets, which do not broadcast: [n, 1] beside [n] would be n² losses without a word.
    /// </summary>
    private static Terms OfOneShape(string operation, Reduction reduction, Tensor x, Tensor targets) => x.Shape == targets.Shape
        ? new Terms(operation, reduction, ("predictions", x), ("targets", targets))
        : throw new ArgumentException($"{operation}: expected predictions and targets of one shape, found {x.Shape} and {targets.Shape}.");

    /// <summary>
    /// The cross-entropy of softmax(logits) for a class of each row, in nats: -log softmax(z)[label]; with label smoothing e (Szegedy et
    /// al. 2016, arXiv:1512.00567) that of a target of 1 - e for the label and e / classes for every class. Accurate for any logits.
    /// </summary>
    /// <param name="logits">z: [..., classes].</param>
    /// <param name="labels">The class of each row, int32 from 0 to classes - 1: [...].</param>
    /// <param name="labelSmoothing">e, from 0 to 1.</param>
    /// <param name="reduction">How the rows' losses are reduced; <see cref="Reduction.Rows"/> sums them over the innermost axis of the
    /// labels.</param>
    /// <param name="ignoreIndex">The label of rows that do not count, such as padding; it may be a class or none. Their loss and their
    /// gradient are 0, whatever their logits are, and <see cref="Reduction.Mean"/> divides by the number of the other rows; where there
    /// is none, the mean is 0. Null where every row counts.</param>
    /// <exception cref="ArgumentException">The labels are not int32, or not one for each row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is none of the classes, or the smoothing is not from 0 to 1.</exception>
    public static Tensor CrossEntropy(
        Tensor logits, Tensor labels, double labelSmoothing = 0, Reduction reduction = Reduction.Mean, int? ignoreIndex = null)
    {
        Tensor z = logits;
        if (!(labelSmoothing is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(
                nameof(labelSmoothing), labelSmoothing, $"CrossEntropy: expected a label smoothing from 0 to 1, found {labelSmoothing}.");
        Terms.CheckReduction(nameof(CrossEntropy), reduction);
        if (z.Shape.Rank == 0 || z.Shape[-1] == 0) throw new ArgumentException(
            $"CrossEntropy: logits must be [..., classes] with at least one class, found {z.Shape}.");
        if (labels.DType != DType.Int32) throw new ArgumentException(
            $"CrossEntropy: expected labels of Int32, found {labels.DType} {labels.Shape}.");
        Shape rows = new(z.Shape.ToArray().AsSpan(0, z.Shape.Rank - 1));
        if (labels.Shape != rows) throw new ArgumentException(
            $"CrossEntropy: expected labels {rows} for logits {z.Shape}, found {labels.Shape}.");
        Terms.CheckReduced(nameof(CrossEntropy), reduction, rows);
        int classes = z.Shape[-1];
        Tape.Open(nameof(CrossEntropy), labels);
        Tape tape = Tape.OpenFloating(nameof(CrossEntropy), z);
        Tensor losses = tape.NewTensor(rows, z.DType);
        Tensor statistics = tape.NewTensor([rows.Count, 2], z.DType);
        Kernels.Losses.CrossEntropy.Run(
            z.Storage, labels.Storage, rows.Count, classes, labelSmoothing, losses.Storage, statistics.Storage, ignoreIndex);

        // dz = g (softmax(z) - target)
        tape.Record(nameof(CrossEntropy), losses, new Rule(z, g =>
        {
            if (Tape.IsRecordingNow) return Composed(g.Reshape(z.Shape.With(-1, 1)), z, labels, labelSmoothing, ignoreIndex);
            Tensor result = Tape.Open("Gradients").NewTensor(z.Shape, z.DType);
            Kernels.Losses.CrossEntropy.Gradient(
                g.Storage, z.Storage, labels.Storage, rows.Count, classes, labelSmoothing, statistics.Storage, result.Storage, ignoreIndex);
            return result;
        }));
        return reduction switch
        {
            Reduction.None => losses,
            Reduction.Rows => losses.Sum(-1),
            Reduction.Sum => losses.Sum(),
            _ => ignoreIndex is null ? losses.Mean() : losses.Sum() / Counting(labels, z.DType, ignoreIndex.Value),
        };
    }

    /// <summary>How many labels are others than the ignored one; 1 where there is none.</summary>
    private static Tensor Counting(Tensor labels, DType dtype, int ignored)
    {
        // Float64 holds every int32.
        Tensor count = labels.Cast(DType.Float64).NotEqual(ignored).Sum();
        return count.Clamp(1, double.PositiveInfinity).Cast(dtype);
    }

    /// <summary>g (softmax(z) - target) in differentiable operations.</summary>
    private static Tensor Composed(Tensor g, Tensor z, Tensor labels, double smoothing, int? ignored)
    {
        int[] places = labels.ToInts();
        if (ignored is null) return g * (z.Softmax() - Targets(places, z, smoothing));

        // Rows that do not count get logits of 0, so that infinity and NaN there reach no derivative, and a gradient of 0.
        float[] counts = Array.ConvertAll(places, label => label == ignored ? 0f : 1f);
        for (int row = 0; row < places.Length; row++) places[row] = counts[row] == 0 ? 0 : places[row];
        Tensor mask = Tensor.From(counts, g.Shape).Cast(z.DType);
        Tensor counted = Tensor.Where(mask, z, Tensor.Zeros([], z.DType));
        return g.WeightedBy(mask) * (counted.Softmax() - Targets(places, z, smoothing));
    }

    /// <summary>1 - e at each row's label, and e / classes everywhere.</summary>
    private static Tensor Targets(int[] places, Tensor logits, double smoothing)
    {
        int classes = logits.Shape[-1];
        for (int row = 0; row < places.Length; row++) places[row] += row * classes;
        Tensor oneHot = Tensor.Ones([places.Length, 1], logits.DType).ScatterAdd(Tensor.From(places, [places.Length]), [logits.Count, 1]);
        return (((1 - smoothing) * oneHot) + (smoothing / classes)).Reshape(logits.Shape);
    }

    /// <summary>The squared error (prediction - target)².</summary>
    /// <param name="prediction">The prediction; any shape.</param>
    /// <param name="target">The target, of the same shape.</param>
    /// <param name="reduction">How the elements are reduced.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor MeanSquaredError(Tensor prediction, Tensor target, Reduction reduction = Reduction.Mean)
    {
        Terms terms = OfOneShape(nameof(MeanSquaredError), reduction, prediction, target);
        Tensor loss = terms.Run(default(SquaredError), prediction, target);

        // dprediction = 2 g (prediction - target) = -dtarget
        return terms.Record(
            loss,
            terms.Rule(prediction, g => 2 * g * (prediction - target),
                g => terms.Fused(default(SquaredErrorGradient), g, prediction, target)),
            terms.Rule(target, g => 2 * g * (target - prediction), g => terms.Fused(default(SquaredErrorGradient), g, target, prediction)));
    }

    /// <summary>The absolute error |prediction - target|; its derivative is 0 where they are equal.</summary>
    /// <param name="prediction">The prediction; any shape.</param>
    /// <param name="target">The target, of the same shape.</param>
    /// <param name="reduction">How the elements are reduced.</param>
    /// <exception cref="ArgumentException">The shapes or types differ.</exception>
    public static Tensor L1(Tensor prediction, Tensor target, Reduction reduction = Reduction.Mean)
    {
        Terms terms = OfOneShape(nameof(L1), reduction, prediction, target);
        Tensor loss = terms.Run(default(AbsoluteError), prediction, target);

        // dprediction = g sign(prediction - target) = -dtarget
        return terms.Record(
            loss,
            terms.Rule(prediction, g => g * (prediction - target).Detach().Map(default(Sign)),
                g => terms.Fused(default(AbsoluteErrorGradient), g, prediction, target)),
            terms.Rule(target, g => g * (target - prediction).Detach().Map(default(Sign)),
                g => terms.Fused(default(AbsoluteErrorGradient), g, target, prediction)));
    }
}
