using Engine.Kernels;
using Engine.Kernels.Attention;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Nn;

/// <summary>
/// The keys and values of the positions that one attention has seen, so that the next position of a sequence that is being generated
/// attends to them without computing them again. For inference: no gradient goes through it.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly Tensor _memory;

    /// <summary>Creates an empty cache.</summary>
    /// <param name="batch">Sequences side by side.</param>
    /// <param name="capacity">The positions that there is room for.</param>
    /// <param name="channels">The features of all heads at a position.</param>
    /// <param name="device">Where it is; null takes <see cref="Device.Default"/>.</param>
    /// <param name="dtype">The type of the elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">An extent is less than 1.</exception>
    public KeyValueCache(int batch, int capacity, int channels, Device? device = null, DType dtype = DType.Float32)
    {
        if (batch < 1 || capacity < 1 || channels < 1) throw new ArgumentOutOfRangeException(
            null, $"KeyValueCache: batch, capacity and channels must be at least 1, found {batch}, {capacity} and {channels}.");

        // Keys and values beside each other at every position, as the projection writes them.
        Shape shape = Shape.Of(nameof(KeyValueCache), batch, capacity, 2, channels);
        shape = [batch, capacity, 2 * channels];
        _memory = new Tensor((device ?? Device.Default).Allocate(dtype, shape.Count), shape, null);
        Capacity = capacity;
    }

    /// <summary>The positions that there is room for.</summary>
    public int Capacity { get; }

    /// <summary>The positions that are held.</summary>
    public int Length { get; private set; }

    /// <summary>Forgets all positions.</summary>
    public void Clear() => Length = 0;

    /// <summary>
    /// Adds the next positions, and lets their queries attend to all that are held now, each to itself and those before it.
    /// </summary>
    /// <param name="packed">Queries, keys and values of the positions: [batch, positions, 3 channels].</param>
    /// <param name="heads">How many heads attend side by side; divides the channels.</param>
    /// <returns>[batch, positions, channels].</returns>
    /// <exception cref="ArgumentException">The shape does not fit, or there is no room.</exception>
    /// <exception cref="InvalidOperationException">The open tape records: gradients would leave out what goes through the
    /// cache.</exception>
    public Tensor Attend(Tensor packed, int heads) => Attend(nameof(KeyValueCache), packed, heads);

    internal Tensor Attend(string operation, Tensor packed, int heads)
    {
        ArgumentNullException.ThrowIfNull(packed);
        (int batch, int channels) = (_memory.Shape[0], _memory.Shape[2] / 2);
        if (packed.Shape.Rank != 3 || packed.Shape[0] != batch || packed.Shape[2] != 3 * channels || packed.Shape[1] < 1 || heads < 1
            || channels % heads != 0)
            throw new ArgumentException(
                $"{operation}: expected [{batch}, positions, {3 * channels}] whose {channels} channels {heads} heads divide, found "
                + $"{packed.Shape}.");
        int positions = packed.Shape[1];
        if (Length + positions > Capacity) throw new ArgumentException(
            $"{operation}: {Length} of {Capacity} positions are held, there is no room for {positions} more, found {packed.Shape}.");
        Tape tape = Tape.OpenFloating(operation, packed, _memory);
        if (tape.IsRecording) throw new InvalidOperationException(
            $"{operation}: no gradient goes through a cache, found a tape that records. Open it with 'new Tape(record: false)'.");
        Move.WriteSlice(packed.Slice(2, channels, 2 * channels).Storage, [batch, positions, 2 * channels], _memory.Storage, _memory.Shape,
            [0, Length, 0]);
        Length += positions;
        AttentionShape shape = new(batch, heads, positions, Length, channels / heads, IsCausal: true);
        Tensor y = tape.NewTensor([batch, positions, channels], packed.DType),
            logSumExp = tape.NewTensor([2, batch, heads, positions], packed.DType);
        ScaledDotProductAttention.Forward(
            AttentionRows.Part(packed.Storage, 0, 3, positions, channels), AttentionRows.Part(_memory.Storage, 0, 2, Capacity, channels),
            AttentionRows.Part(_memory.Storage, 1, 2, Capacity, channels), shape, y.Storage, logSumExp.Storage);
        return y;
    }

    /// <summary>Releases the memory.</summary>
    public void Dispose() => _memory.Dispose();
}
