namespace Engine.Kernels.Norms.Gpu;

/// <summary>The extents of a group normalisation as GPU kernels take them; a flag of 0 means that the array is absent.</summary>
internal readonly struct GroupWalk(GroupNormShape shape, bool hasGamma, bool hasBeta, bool hasShift, bool hasResiduals)
{
    internal readonly int Positions = shape.Positions, Groups = shape.Groups, GroupChannels = shape.GroupChannels,
        Channels = shape.Channels, Terms = shape.Terms, Statistics = shape.Statistics;
    internal readonly int HasGamma = hasGamma ? 1 : 0, HasBeta = hasBeta ? 1 : 0, HasShift = hasShift ? 1 : 0,
        HasResiduals = hasResiduals ? 1 : 0;
}

/// <summary>
/// One group of channels of one image: its terms, channel by channel and then position by position, read four at a time. Four of a group
/// whose channels are a multiple of four are neighbours in memory.
/// </summary>
internal readonly struct GroupTerms(GroupWalk walk, int statistic)
{
    private readonly int _image = statistic / walk.Groups;
    private readonly int _firstChannel = statistic % walk.Groups * walk.GroupChannels;
    private readonly GroupWalk _walk = walk;

    private bool IsWide => (_walk.GroupChannels & 3) == 0;

    private int Channel(int term) => _firstChannel + (term % _walk.GroupChannels);

    private int At(int term) => (((_image * _walk.Positions) + (term / _walk.GroupChannels)) * _walk.Channels) + Channel(term);

    /// <summary>Four terms of an array of the input's shape, of which so many are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Four<TLane> Load<TLane>(ArrayView<TLane> x, int term, int left, TLane padding) where TLane : unmanaged, ILane<TLane>
    {
        if (IsWide) return x.Cast<Four<TLane>>()[At(term) >> 2];
        return new(x[At(term)], left > 1 ? x[At(term + 1)] : padding, left > 2 ? x[At(term + 2)] : padding, left > 3 ? x[At(term + 3)]
            : padding);
    }

    /// <summary>Four terms of the input with what is added to their channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Four<TLane> Shifted<TLane>(ArrayView<TLane> x, ArrayView<TLane> shift, int term, int left, TLane padding)
        where TLane : unmanaged, ILane<TLane>
    {
        Four<TLane> four = Load(x, term, left, padding);
        if (_walk.HasShift == 0) return four;
        Four<TLane> more = OfChannels(shift, _walk.HasShift, _image * _walk.Channels, term, TLane.Of(0));
        return new(four.X + more.X, left > 1 ? four.Y + more.Y : padding, left > 2 ? four.Z + more.Z : padding, left > 3 ? four.W + more.W
            : padding);
    }

    /// <summary>The elements of an array for the channels of four terms, from an index on; another value where there is no array.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Four<TLane> OfChannels<TLane>(ArrayView<TLane> channels, int isThere, int start, int term, TLane otherwise)
        where TLane : unmanaged, ILane<TLane>
    {
        if (isThere == 0) return Fours.Of(otherwise);
        if (IsWide) return channels.Cast<Four<TLane>>()[(start + Channel(term)) >> 2];
        return new(channels[start + Channel(term)], channels[start + Channel(term + 1)], channels[start + Channel(term + 2)],
            channels[start + Channel(term + 3)]);
    }

    /// <summary>Writes four terms.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Store<TLane>(ArrayView<TLane> y, int term, int left, Four<TLane> four) where TLane : unmanaged, ILane<TLane>
    {
        if (IsWide)
        {
            y.Cast<Four<TLane>>()[At(term) >> 2] = four;
            return;
        }

        y[At(term)] = four.X;
        if (left > 1) y[At(term + 1)] = four.Y;
        if (left > 2) y[At(term + 2)] = four.Z;
        if (left > 3) y[At(term + 3)] = four.W;
    }
}
