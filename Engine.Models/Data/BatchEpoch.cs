namespace Engine.Models.Data;

/// <summary>
/// The batches of one epoch, to go through once with foreach. Leaving the loop early, by break or by an exception, returns the
/// buffers to the loader.
/// </summary>
public sealed class BatchEpoch : IDisposable
{
    private readonly BatchLoader _loader;
    private readonly int _epoch;
    private readonly Queue<BatchSlot> _ahead = new();
    private int[]? _order;
    private BatchSlot? _current;
    private int _next;
    private bool _disposed;

    internal BatchEpoch(BatchLoader loader, int epoch, int firstBatch)
    {
        _loader = loader;
        _epoch = epoch;
        _next = firstBatch;
    }

    /// <summary>The epoch itself: what foreach calls.</summary>
    public BatchEpoch GetEnumerator() => this;

    /// <summary>The batch that <see cref="MoveNext"/> went to; its buffers serve the next batch as soon as that is called again.</summary>
    /// <exception cref="InvalidOperationException">There is no batch: before the first, after the last, or after disposal.</exception>
    public Batch Current => new(
        _current ?? throw new InvalidOperationException("There is no current batch: call MoveNext first, and stop when it returns false."),
        _loader,
        _loader.ExampleLength);

    /// <summary>Goes to the next batch, waiting for it if it is not prepared yet.</summary>
    /// <returns>False after the last batch.</returns>
    /// <exception cref="ObjectDisposedException">The epoch was given up before.</exception>
    public bool MoveNext()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _order ??= _loader.RentOrder(_epoch);
        if (_current is not null)
        {
            _loader.Return(_current);
            _current = null;
        }

        // One slot to hand out and as many ahead as asked for; the one to hand out is filled here if there are none ahead.
        while (_ahead.Count < _loader.Prefetch + 1 && _next < _loader.BatchesPerEpoch)
        {
            BatchSlot slot = _loader.RentSlot();
            slot.Order(_order, _epoch, _next, _loader.CountOf(_next), ahead: _loader.Prefetch > 0);
            _ahead.Enqueue(slot);
            _next++;
        }

        if (!_ahead.TryPeek(out BatchSlot? ready)) return false;
        ready.Take();
        _current = _ahead.Dequeue();
        return true;
    }

    /// <summary>Returns the buffers; batches being prepared are waited for (microseconds), those not begun are dropped.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        while (_ahead.TryDequeue(out BatchSlot? slot))
        {
            slot.Withdraw();
            _loader.Return(slot);
        }

        if (_current is not null) _loader.Return(_current);
        if (_order is not null) _loader.Return(_order);
        (_current, _order) = (null, null);
    }
}

/// <summary>
/// One batch, in buffers of the loader that the next batch overwrites: the type cannot leave the loop, so what is kept must be copied.
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

    /// <summary>Pixels, [Count, Height, Width, Channels], scaled as the loader's options say.</summary>
    public ReadOnlySpan<float> Images { get; }

    /// <summary>
    /// The same under the name that suits rows of numbers, which are not scaled: [Count, Columns] of a <see cref="TableDataset"/>.
    /// </summary>
    public ReadOnlySpan<float> Values => Images;

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
