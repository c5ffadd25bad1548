namespace Engine.Kernels.Flows;

/// <summary>An affine coupling as GPU kernels take it.</summary>
internal readonly struct AffineCouplingLayout
{
    internal readonly int Columns, Channels;

    /// <summary>How many bounds there are: none, one, or one for each channel.</summary>
    internal readonly int Bounds;

    /// <summary>1 where some elements are handed on.</summary>
    internal readonly int IsMasked;

    /// <summary>1, or -1 for the inverse.</summary>
    internal readonly int Sign;

    internal AffineCouplingLayout(AffineCouplingShape shape, Storage? bound, Storage? active, bool inverse)
    {
        (Columns, Channels) = (shape.Columns, shape.Channels);
        Bounds = bound?.Length ?? 0;
        IsMasked = active is null ? 0 : 1;
        Sign = inverse ? -1 : 1;
    }

    /// <summary>Where the raw log-scale of an element is; its shift is <see cref="Channels"/> behind.</summary>
    internal int Raw(int element) => element + (element / Channels * Channels);
}

/// <summary>Which gradients come in, and whether the result is added to what is there: 1 for yes.</summary>
internal readonly struct AffineCouplingSources(int hasValue, int hasLog, int accumulates)
{
    internal readonly int HasValue = hasValue, HasLog = hasLog, Accumulates = accumulates;
}
