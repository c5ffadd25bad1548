namespace Engine.Kernels.Attention;

/// <summary>The extents of an attention.</summary>
/// <param name="Batch">How many sequences there are.</param>
/// <param name="Heads">How many heads attend side by side.</param>
/// <param name="Queries">The positions that attend; with <paramref name="IsCausal"/> these are the last ones of the keys'
/// positions.</param>
/// <param name="Keys">The positions that are attended to.</param>
/// <param name="Width">Elements of a query, key or value of one head.</param>
/// <param name="IsCausal">Whether a position attends to itself and those before it only.</param>
public readonly record struct AttentionShape(int Batch, int Heads, int Queries, int Keys, int Width, bool IsCausal = false)
{
    /// <summary>What the scores are multiplied by: 1 / sqrt(width).</summary>
    public double Scale => 1 / Math.Sqrt(Width);

    /// <summary>Elements of all heads at a position.</summary>
    public int Channels => Heads * Width;

    /// <summary>The rows of all heads of all sequences: each has one log-sum-exp.</summary>
    internal long Rows => (long)Batch * Heads * Queries;

    internal long OutputLength => (long)Batch * Queries * Channels;

    /// <summary>How many keys a query attends to, from the first one on.</summary>
    internal int Visible(int query) => IsCausal ? query + 1 + Keys - Queries : Keys;

    /// <summary>Checks the extents.</summary>
    /// <exception cref="ArgumentException">An extent is negative, or there is a query without a key to attend to.</exception>
    internal void Check(string operation)
    {
        if (Batch < 0 || Heads < 1 || Queries < 0 || Keys < 1 || Width < 1)
            throw new ArgumentException($"{operation}: expected at least one head, one key and a width of one, found {this}.");
        if (IsCausal && Keys < Queries)
            throw new ArgumentException(
                $"{operation}: causal queries are the last of the keys' positions, so there must be as many keys at least; found "
                + $"{Queries} queries and {Keys} keys.");
    }
}

/// <summary>
/// Where queries, keys, values or their gradients lie: element d of head h at position t of sequence b is element
/// Start + b BatchPitch + t Pitch + h width + d. The parts of a packed projection are read in place, without a transposition.
/// </summary>
/// <param name="Storage">The memory, float or double.</param>
/// <param name="Start">The first element.</param>
/// <param name="Pitch">Elements from one position to the next.</param>
/// <param name="BatchPitch">Elements from one sequence to the next.</param>
public readonly record struct AttentionRows(Storage Storage, int Start, int Pitch, int BatchPitch)
{
    /// <summary>
    /// One of several parts that lie beside each other at every position, [batch, time, parts, channels]: queries are part 0 of 3 of a
    /// packed projection.
    /// </summary>
    /// <param name="storage">The memory.</param>
    /// <param name="part">Which part, from 0.</param>
    /// <param name="parts">How many there are.</param>
    /// <param name="time">The positions of a sequence that there is room for.</param>
    /// <param name="channels">Elements of all heads at a position.</param>
    public static AttentionRows Part(Storage storage, int part, int parts, int time, int channels) =>
        new(storage, part * channels, parts * channels, checked(time * parts * channels));

    /// <summary>The rows from a position on.</summary>
    /// <param name="position">The first position.</param>
    public AttentionRows From(int position) => this with { Start = Start + (position * Pitch) };

    /// <summary>Checks that all rows lie inside the memory.</summary>
    /// <exception cref="ArgumentException">Rows would lie outside the memory, or overlap.</exception>
    internal void Check(string operation, string name, in AttentionShape shape, int time)
    {
        long last = Start + ((long)(shape.Batch - 1) * BatchPitch) + ((long)(time - 1) * Pitch) + shape.Channels;
        if (Start < 0 || Pitch < shape.Channels || (shape.Batch > 1 && BatchPitch < (long)time * Pitch - (Pitch - shape.Channels))
            || (shape.Batch > 0 && time > 0 && last > Storage.Length))
            throw new ArgumentException(
                $"{operation}: {name} of {shape.Batch} x {time} rows of {shape.Channels} do not fit {Storage.Length} elements from "
                + $"{Start} in steps of {BatchPitch} and {Pitch}.");
    }
}
