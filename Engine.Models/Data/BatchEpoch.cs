namespace Engine.Models.Data;

/// <summary>
/// The batches of one epoch, to go through once with foreach. Leaving the loop early, by break or by an exception, gives the buffers
/// back to the loader.
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
        _loader.Data.ImageLength);

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

    /// <summary>Gives the buffers back; batches being prepared are waited for (microseconds), those not begun are dropped.</summary>
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
