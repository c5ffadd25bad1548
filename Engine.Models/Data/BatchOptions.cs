namespace Engine.Models.Data;

/// <summary>How a <see cref="BatchLoader"/> orders and prepares its batches.</summary>
public sealed record BatchOptions
{
    /// <summary>Another seed gives another order, and other draws of <see cref="PixelScale.Bernoulli"/>.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether every epoch has an order of its own (Fisher-Yates); else images come as they lie in the data set.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Whether the images left over at the end of an epoch, too few for a batch, are left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>How bytes become floats.</summary>
    public PixelScale Scale { get; init; } = PixelScale.SignedUnit;

    /// <summary>Batches prepared ahead on another thread; 0 prepares each when it is asked for. The batches are the same.</summary>
    public int Prefetch { get; init; } = 2;
}
