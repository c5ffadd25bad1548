using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Losses;
using Engine.Kernels.Rows;

namespace Engine.Autograd.Losses;

public static partial class Loss
{
    /// <summary>
    /// The cross-entropy of softmax(logits) for a class of each row, in nats: -log softmax(z)[label]; with label smoothing e (Szegedy et
    /// al. 2016, arXiv:1512.00567) that of a target of 1 - e for the label and e / classes for every class. Accurate for any logits.
    /// </summary>
    /// <param name="logits">z: [..., classes].</param>
    /// <param name="labels">The class of each row, int32 from 0 to classes - 1: [...].</param>
    /// <param name="labelSmoothing">e, from 0 to 1.</param>
    /// <param name="reduction">What becomes of the rows' losses; <see cref="Reduction.Rows"/> sums them over the innermost axis of the
    /// labels.</param>
    /// <exception cref="ArgumentException">The labels are not int32, or not one for each row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is none of the classes, or the smoothing is not from 0 to 1.</exception>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels, double labelSmoothing = 0, Reduction reduction = Reduction.Mean)
    {
        Tensor z = logits;
        if (!(labelSmoothing is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(
                nameof(labelSmoothing), labelSmoothing, "CrossEntropy: the label smoothing must be from 0 to 1.");
        if (z.Shape.Rank == 0 || z.Shape[-1] == 0) throw new ArgumentException(
            $"CrossEntropy: logits must be [..., classes] with at least one class, found {z.Shape}.");
        if (labels.DType != DType.Int32) throw new ArgumentException($"CrossEntropy: labels must be Int32, found {labels.DType}.");
        Shape rows = new(z.Shape.ToArray().AsSpan(0, z.Shape.Rank - 1));
        if (labels.Shape != rows) throw new ArgumentException($"CrossEntropy: logits {z.Shape} need labels {rows}, found {labels.Shape}.");
        int classes = z.Shape[-1];
        Tape tape = Tape.Open(nameof(CrossEntropy));
        Tensor losses = tape.NewTensor(rows, z.DType);
        Tensor statistics = tape.NewTensor([rows.Count, 2], z.DType);
        Kernels.Losses.CrossEntropy.Run(z.Storage, labels.Storage, rows.Count, classes, labelSmoothing, losses.Storage, statistics.Storage);

        // dz = g (softmax(z) - target)
        tape.Record(nameof(CrossEntropy), losses, new Rule(z, g =>
        {
            if (Tape.IsRecordingNow) return g.Reshape(z.Shape.With(-1, 1)) * (z.Softmax() - Targets(labels, z, labelSmoothing));
            Tensor result = Tape.Open("Gradients").NewTensor(z.Shape, z.DType);
            Kernels.Losses.CrossEntropy.Gradient(
                g.Storage, z.Storage, labels.Storage, rows.Count, classes, labelSmoothing, statistics.Storage, result.Storage);
            return result;
        }));
        return reduction switch
        {
            Reduction.None => losses,
            Reduction.Rows => losses.Sum(-1),
            Reduction.Sum => losses.Sum(),
            Reduction.Mean => losses.Mean(),
            _ => throw new ArgumentOutOfRangeException(nameof(reduction), reduction, "CrossEntropy: there is no such reduction."),
        };
    }

    /// <summary>1 - e at each row's label, and e / classes everywhere.</summary>
    private static Tensor Targets(Tensor labels, Tensor logits, double smoothing)
    {
        int classes = logits.Shape[-1];
        int[] places = labels.ToInts();
        for (int row = 0; row < places.Length; row++) places[row] += row * classes;
        Tensor oneHot = Tensor.Ones([places.Length, 1], logits.DType).ScatterAdd(Tensor.From(places, [places.Length]), [logits.Count, 1]);
        return (((1 - smoothing) * oneHot) + (smoothing / classes)).Reshape(logits.Shape);
    }
}
