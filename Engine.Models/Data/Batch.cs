namespace Engine.Models.Data;

/// <summary>
/// One batch, in buffers of the loader that the next batch overwrites: the type cannot leave the loop, so what is to stay must be copied.
/// </summary>
public readonly ref struct Batch
{
    internal Batch(BatchSlot slot, BatchLoader loader, int imageLength)
    {
        Count = slot.Count;
        Images = slot.Images.AsSpan(0, slot.Count * imageLength);
        Labels = slot.Labels.AsSpan(0, slot.Count);
        Indices = slot.Indices.AsSpan(0, slot.Count);
        Epoch = slot.Epoch;
        Index = slot.Batch;
        Total = loader.BatchesPerEpoch;
    }

    /// <summary>Pixels, [Count, Height, Width, Channels], scaled as the loader was told.</summary>
    public ReadOnlySpan<float> Images { get; }

    /// <summary>Labels, [Count]; -1 throughout when the data set carries none.</summary>
    public ReadOnlySpan<int> Labels { get; }

    /// <summary>Which images of the data set these are, [Count].</summary>
    public ReadOnlySpan<int> Indices { get; }

    /// <summary>Images in this batch: the batch size, or fewer in the last one.</summary>
    public int Count { get; }

    /// <summary>The epoch, from 0.</summary>
    public int Epoch { get; }

    /// <summary>Number of this batch in the epoch, from 0.</summary>
    public int Index { get; }

    /// <summary>Batches in an epoch.</summary>
    public int Total { get; }

    /// <summary>The place after this batch: what a checkpoint taken now has to save.</summary>
    public LoaderPosition Next => Index + 1 < Total ? new(Epoch, Index + 1) : new(Epoch + 1, 0);
}
