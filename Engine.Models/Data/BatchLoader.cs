using System.Runtime.InteropServices;

namespace Engine.Models.Data;

/// <summary>
/// Cuts a data set into shuffled batches of floats and prepares the next ones beside the training step. The order of epoch e depends on the
/// seed and e alone, so training can stop after any batch and resume to the bit: <see cref="Batch.Next"/> is the place to save and
/// <see cref="Epoch(LoaderPosition)"/> resumes from it. Buffers are reused; a batch allocates nothing.
/// </summary>
/// <example><code>foreach (Batch batch in loader.Epoch(e)) Step(batch.Images, batch.Labels);</code></example>
public sealed class BatchLoader
{
    private const ulong ShuffleStream = 1, BernoulliStream = 2, MotionStream = 3;

    private readonly ImageDataset? _images;
    private readonly TableDataset? _table;
    private readonly int _count;
    private readonly BatchOptions _options;
    private readonly float[] _levels = new float[256];
    private readonly ImageMotion? _motion;
    private readonly Lock _lock = new();
    private readonly Stack<BatchSlot> _slots = new();
    private readonly Stack<int[]> _orders = new();

    /// <summary>A loader over a data set.</summary>
    /// <param name="data">The images.</param>
    /// <param name="batchSize">Images in a batch, from 1 to the size of the data set.</param>
    /// <param name="options">Seed, scale, shuffling; null takes the defaults.</param>
    /// <exception cref="ArgumentException">The batch size or an option is out of range.</exception>
    public BatchLoader(ImageDataset data, int batchSize, BatchOptions? options = null)
        : this(Known(data).Name, "images", data.Count, data.ImageLength, batchSize, options)
    {
        _images = data;
        if (_options.Flip || _options.Shift > 0) _motion = new ImageMotion(data, _options.Flip, _options.Shift);
    }

    /// <summary>A loader over rows of numbers, which are taken as they are.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="batchSize">Rows in a batch, from 1 to the size of the data set.</param>
    /// <param name="options">Seed and shuffling; null takes the defaults. The scale is one of bytes and has no effect.</param>
    /// <exception cref="ArgumentException">The batch size or an option is out of range, or rows were to be mirrored or moved.</exception>
    public BatchLoader(TableDataset data, int batchSize, BatchOptions? options = null)
        : this(Known(data).Name, "rows", data.Count, data.Columns, batchSize, options)
    {
        if (_options.Flip || _options.Shift > 0) throw new ArgumentException(
            $"flip and shift are of images: {data.Name} has rows of numbers");
        _table = data;
    }

    private BatchLoader(string name, string examples, int count, int length, int batchSize, BatchOptions? options)
    {
        _options = options ?? new BatchOptions();
        if (batchSize < 1) throw new ArgumentException($"batch size must be at least 1, was {batchSize}");
        if (batchSize > count)
            throw new ArgumentException($"batch size must be at most the {count} {examples} of {name}, was {batchSize}");
        if (_options.Shift < 0) throw new ArgumentException($"shift must be at least 0 pixels, was {_options.Shift}");
        if (_options.Prefetch < 0) throw new ArgumentException($"prefetch must be at least 0 batches, was {_options.Prefetch}");
        if ((long)batchSize * length > Array.MaxLength)
            throw new ArgumentException(
                $"batch size must be at most {Array.MaxLength / length} for {examples} of {length} values, was {batchSize}");
        (_count, ExampleLength) = (count, length);
        BatchSize = batchSize;
        BatchesPerEpoch = _options.DropLast ? count / batchSize : (count + batchSize - 1) / batchSize;
        for (int x = 0; x < _levels.Length; x++)
        {
            _levels[x] = _options.Scale switch
            {
                PixelScale.SignedUnit => (float)(x / 127.5 - 1),
                PixelScale.Threshold => x >= 128 ? 1 : 0,
                _ => (float)(x / 255.0),
            };
        }
    }

    /// <summary>The images.</summary>
    /// <exception cref="InvalidOperationException">The loader is one of rows of numbers.</exception>
    public ImageDataset Data => _images ?? throw new InvalidOperationException($"{_table!.Name} has rows of numbers, no images.");

    /// <summary>Values of an example: of an image, or of a row.</summary>
    internal int ExampleLength { get; }

    /// <summary>Images in a batch; the last batch of an epoch may have fewer.</summary>
    public int BatchSize { get; }

    /// <summary>Batches in an epoch.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>The batches of one epoch, from 0, to go through with foreach.</summary>
    /// <param name="epoch">Epochs count from 0.</param>
    /// <param name="firstBatch">The batch to begin with, from 0 to <see cref="BatchesPerEpoch"/>.</param>
    /// <exception cref="ArgumentException">There is no such epoch or batch.</exception>
    public BatchEpoch Epoch(int epoch, int firstBatch = 0)
    {
        if (epoch < 0) throw new ArgumentException($"epoch must be at least 0, was {epoch}");
        if (firstBatch < 0 || firstBatch > BatchesPerEpoch)
            throw new ArgumentException(
                $"an epoch has {BatchesPerEpoch} batches of {BatchSize} images: cannot begin with batch {firstBatch}");
        return new BatchEpoch(this, epoch, firstBatch);
    }

    /// <summary>The batches that are left of an epoch.</summary>
    /// <exception cref="ArgumentException">There is no such place: it was saved with other data or another batch size.</exception>
    public BatchEpoch Epoch(LoaderPosition position) => Epoch(position.Epoch, position.Batch);

    internal int Prefetch => _options.Prefetch;

    /// <summary>Slots that are not lent to a running epoch; tests look whether all came back.</summary>
    internal int IdleSlots
    {
        get
        {
            lock (_lock) return _slots.Count;
        }
    }

    internal int CountOf(int batch) => Math.Min(BatchSize, _count - batch * BatchSize);

    internal int[] RentOrder(int epoch)
    {
        int[]? order;
        lock (_lock) _orders.TryPop(out order);
        order ??= new int[_count];
        if (_options.Shuffle)
        {
            new CounterRandom(CounterRandom.Key(_options.Seed, ShuffleStream, (ulong)epoch)).Shuffle(order);
        }
        else
        {
            for (int i = 0; i < order.Length; i++) order[i] = i;
        }

        return order;
    }

    internal BatchSlot RentSlot()
    {
        BatchSlot? slot;
        lock (_lock) _slots.TryPop(out slot);
        return slot ?? new BatchSlot(this, BatchSize, ExampleLength, _motion is null ? 0 : ExampleLength);
    }

    internal void Return(BatchSlot slot)
    {
        lock (_lock) _slots.Push(slot);
    }

    internal void Return(int[] order)
    {
        lock (_lock) _orders.Push(order);
    }

    internal void Fill(BatchSlot slot, ReadOnlySpan<int> order)
    {
        int length = ExampleLength;
        if (_table is not null)
        {
            for (int i = 0; i < order.Length; i++)
            {
                (slot.Indices[i], slot.Labels[i]) = (order[i], _table.Label(order[i]));
                _table.Row(order[i]).CopyTo(slot.Images.AsSpan(i * length, length));
            }

            return;
        }

        ulong key = CounterRandom.Key(_options.Seed, BernoulliStream, (ulong)slot.Epoch);
        ulong motion = CounterRandom.Key(_options.Seed, MotionStream, (ulong)slot.Epoch);
        for (int i = 0; i < order.Length; i++)
        {
            int image = order[i];
            slot.Indices[i] = image;
            slot.Labels[i] = Data.Label(image);
            ReadOnlySpan<byte> source = Data.Image(image);
            Span<float> target = slot.Images.AsSpan(i * length, length);
            if (_motion is not null)
            {
                _motion.Apply(source, slot.Moved, CounterRandom.At(motion, (ulong)image));
                source = slot.Moved;
            }

            if (_options.Scale == PixelScale.Bernoulli) Draw(source, target, key, (ulong)image * (ulong)((length + 3) / 4));
            else Look(source, target);
        }
    }

    private void Look(ReadOnlySpan<byte> source, Span<float> target)
    {
        ref float levels = ref MemoryMarshal.GetArrayDataReference(_levels);
        for (int p = 0; p < source.Length; p++) target[p] = System.Runtime.CompilerServices.Unsafe.Add(ref levels, source[p]);
    }

    private static T Known<T>(T data) where T : class
    {
        ArgumentNullException.ThrowIfNull(data);
        return data;
    }

    // 64 random bits serve four pixels. A pixel is on when 16 bits, u, have u * 255 < x * 65536: for 0 never, for 255 always.
    private static void Draw(ReadOnlySpan<byte> source, Span<float> target, ulong key, ulong counter)
    {
        ulong bits = 0;
        for (int p = 0; p < source.Length; p++, bits >>= 16)
        {
            if ((p & 3) == 0) bits = CounterRandom.At(key, counter++);
            target[p] = (uint)(bits & 0xFFFF) * 255 < (uint)source[p] << 16 ? 1 : 0;
        }
    }
}

/// <summary>How a <see cref="BatchLoader"/> orders and prepares its batches.</summary>
public sealed record BatchOptions
{
    /// <summary>Another seed gives another order, and other draws of <see cref="PixelScale.Bernoulli"/>.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether every epoch has an order of its own (Fisher-Yates); otherwise images keep the order of the data set.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Whether the images left over at the end of an epoch, too few for a batch, are left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>Whether images are mirrored, left to right, half of the time: drawn anew in every epoch, from the seed.</summary>
    public bool Flip { get; init; }

    /// <summary>
    /// The most pixels by which images are moved in each direction: drawn anew in every epoch, from the seed. Where nothing was before, the
    /// pixels of the border are repeated.
    /// </summary>
    public int Shift { get; init; }

    /// <summary>How bytes become floats.</summary>
    public PixelScale Scale { get; init; } = PixelScale.SignedUnit;

    /// <summary>Batches prepared ahead on another thread; 0 prepares each when it is asked for. The batches are the same.</summary>
    public int Prefetch { get; init; } = 2;
}

/// <summary>How the bytes of an image become the floats of a batch.</summary>
public enum PixelScale
{
    /// <summary>x / 127.5 - 1, in [-1, 1]: for generators that end in tanh.</summary>
    SignedUnit,

    /// <summary>x / 255, in [0, 1].</summary>
    Unit,

    /// <summary>
    /// 1 with probability x / 255, else 0, redrawn in every epoch from the seed (dynamic binarisation, Burda, Grosse and Salakhutdinov
    /// 2016).
    /// </summary>
    Bernoulli,

    /// <summary>1 from 128 on, else 0.</summary>
    Threshold,
}

/// <summary>
/// A place in training, to save and to resume from: the next batch is number <paramref name="Batch"/> of epoch <paramref name="Epoch"/>.
/// </summary>
/// <param name="Epoch">Epochs count from 0.</param>
/// <param name="Batch">Batches of an epoch count from 0.</param>
public readonly record struct LoaderPosition(int Epoch, int Batch);
