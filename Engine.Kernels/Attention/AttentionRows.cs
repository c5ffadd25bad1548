namespace Engine.Kernels.Attention;

/// <summary>
/// Where queries, keys, values or their gradients lie: number d of head h at position t of sequence b is element
/// Start + b BatchPitch + t Pitch + h width + d. What a projection writes beside each other is read where it is, without a transposition.
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
    /// <param name="channels">The numbers of all heads.</param>
    public static AttentionRows Part(Storage storage, int part, int parts, int time, int channels) =>
        new(storage, part * channels, parts * channels, checked(time * parts * channels));

    /// <summary>The rows from a position on.</summary>
    /// <param name="position">The first position.</param>
    public AttentionRows From(int position) => this with { Start = Start + (position * Pitch) };

    /// <summary>Refuses rows that are not there.</summary>
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
