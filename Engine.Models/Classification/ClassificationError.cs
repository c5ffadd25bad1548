using Engine.Autograd;
using Engine.Kernels;
using Engine.Models.Data;

namespace Engine.Models.Classification;

/// <summary>How often a network that gives logits of classes is wrong.</summary>
public static class ClassificationError
{
    private const int AtOnce = 500;

    /// <summary>The share of images whose largest logit is that of another class than their label.</summary>
    /// <param name="data">Images with labels.</param>
    /// <param name="logits">Images [n, pixels] in [0, 1], float32, to logits [n, classes].</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="DataException">The images have no labels.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public static double Of(
        ImageDataset data, Func<Tensor, Tensor> logits, Device device, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(logits);
        if (!data.IsLabelled) throw new DataException($"Expected images with labels, found none in {data.Name}.");
        int wrong = 0;
        BatchLoader loader = new(data, Math.Min(AtOnce, data.Count), new BatchOptions { Shuffle = false, Scale = PixelScale.Unit });
        foreach (Batch batch in loader.Epoch(0))
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(device, record: false);
            double[] found = logits(Tensor.From(batch.Images, [batch.Count, data.ImageLength])).ArgMax(-1).ToDoubles();
            for (int i = 0; i < batch.Count; i++)
                if ((int)found[i] != batch.Labels[i]) wrong++;
        }

        return (double)wrong / data.Count;
    }
}
