namespace Engine.Models.Data;

/// <summary>
/// The buffers of one batch, and the work of filling them. The work is done once, by whichever comes first: a thread of the pool, or the
/// training loop when it arrives before the pool did. Nobody ever waits for work that has not begun, so a busy pool cannot stop training,
/// and an abandoned loop leaves no thread behind.
/// </summary>
internal sealed class BatchSlot(BatchLoader loader, int batchSize, int imageLength, int movedLength) : IThreadPoolWorkItem
{
    private const int Idle = 0, Waiting = 1, Claimed = 2;
    private readonly object _gate = new();
    private bool _filled;
    private Exception? _error;
    private int[] _order = [];
    private int _state;

    public float[] Images { get; } = new float[batchSize * imageLength];

    /// <summary>Room for one image as it is moved.</summary>
    public byte[] Moved { get; } = new byte[movedLength];

    public int[] Labels { get; } = new int[batchSize];

    public int[] Indices { get; } = new int[batchSize];

    public int Count { get; private set; }

    public int Epoch { get; private set; }

    public int Batch { get; private set; }

    /// <summary>Asks for a batch; with <paramref name="ahead"/> a thread of the pool may begin at once.</summary>
    public void Order(int[] order, int epoch, int batch, int count, bool ahead)
    {
        (_order, Epoch, Batch, Count, _error) = (order, epoch, batch, count, null);
        lock (_gate) _filled = false;
        Volatile.Write(ref _state, Waiting);
        if (ahead) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Waits until the batch that was asked for is there, or makes it.</summary>
    public void Take()
    {
        Execute();
        WaitUntilFilled();
        if (_error is not null)
            throw new InvalidOperationException($"Batch {Batch} of epoch {Epoch} could not be prepared: {_error.Message}", _error);
    }

    /// <summary>Withdraws the order; if it is being filled already, waits until it is.</summary>
    public void Withdraw()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Claimed) WaitUntilFilled();
    }

    public void Execute()
    {
        // A queued item may run late, when the loop has taken the work or even ordered another batch: then it does that one, or nothing.
        if (Interlocked.CompareExchange(ref _state, Claimed, Waiting) != Waiting) return;
        try
        {
            loader.Fill(this, _order.AsSpan(Batch * batchSize, Count));
        }
        catch (Exception e)
        {
            _error = e;
        }
        finally
        {
            lock (_gate)
            {
                _filled = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void WaitUntilFilled()
    {
        lock (_gate)
        {
            while (!_filled) Monitor.Wait(_gate);
        }
    }
}
