namespace Engine.Kernels.Norms;

/// <summary>
/// What a normalisation does along the channels of an array [rows, channels]: two sums for each channel over the rows, and then an output
/// for each element. Both read up to two arrays and the parameters p0 to p5 of the channel, which are rows of their own.
/// </summary>
internal interface IChannelFormula
{
    /// <summary>Whether the second array is read.</summary>
    static abstract bool TakesTwo { get; }

    /// <summary>Whether an output needs p3 and p4.</summary>
    static abstract bool TakesFive { get; }

    /// <summary>Whether both need p5.</summary>
    static abstract bool TakesScale { get; }

    /// <summary>Adds the terms of an element to the two sums of its channel.</summary>
    void Add<V>(V a, V b, V p0, V p1, V p2, V p5, ref V first, ref V second) where V : unmanaged, ILane<V>;

    /// <summary>An element of the output.</summary>
    V Element<V>(V a, V b, V p0, V p1, V p2, V p3, V p4, V p5) where V : unmanaged, ILane<V>;
}

/// <summary>
/// y = activation((x - mean) scale + shift). The sums are of d = x - pivot and of d², with a pivot near the mean, so that one walk over
/// memory is enough for a variance that does not cancel away.
/// </summary>
internal readonly struct NormalizeFormula<TActivation>(TActivation activation) : IChannelFormula
    where TActivation : unmanaged, IFoldedActivation
{
    // A field of its own, read by value: a captured parameter would be read by address, for which ILGPU keeps the struct in local memory.
    private readonly TActivation _activation = activation;

    public static bool TakesTwo => false;

    public static bool TakesFive => false;

    public static bool TakesScale => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<V>(V x, V unused, V pivot, V p1, V p2, V p5, ref V sum, ref V squares) where V : unmanaged, ILane<V>
    {
        V d = x - pivot;
        sum += d;
        squares = V.MulAdd(d, d, squares);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Element<V>(V x, V unused, V mean, V scale, V shift, V p3, V p4, V p5) where V : unmanaged, ILane<V> =>
        _activation.Apply(V.MulAdd(x - mean, scale, shift));
}

/// <summary>
/// With d = x - mean, and h the gradient g taken back through the activation: the sums are of h and of h d, and
/// dx = scale h + offset + slope d. The input of the activation, z = d scale + shift, is computed again, with the same bits, instead of
/// being read.
/// </summary>
internal readonly struct NormalizeGradientFormula<TActivation>(TActivation activation) : IChannelFormula
    where TActivation : unmanaged, IFoldedActivation
{
    private readonly TActivation _activation = activation;

    public static bool TakesTwo => true;

    public static bool TakesFive => true;

    public static bool TakesScale => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<V>(V x, V g, V mean, V scale, V shift, V p5, ref V sum, ref V products) where V : unmanaged, ILane<V>
    {
        V d = x - mean;
        V h = _activation.Gradient(g, V.MulAdd(d, scale, shift));
        sum += h;
        products = V.MulAdd(h, d, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Element<V>(V x, V g, V mean, V scale, V shift, V offset, V slope, V p5) where V : unmanaged, ILane<V>
    {
        V d = x - mean;
        V h = _activation.Gradient(g, V.MulAdd(d, scale, shift));
        return V.MulAdd(d, slope, V.MulAdd(h, scale, offset));
    }
}

/// <summary>
/// The same in values that are multiplied by a power of two, p5, the one next to the reciprocal deviation where deviations are next to the
/// largest numbers and 1 elsewhere: d = x p5 - mean, with mean and scale of the values so multiplied, and the gradient is that of x again.
/// </summary>
internal readonly struct ScaledGradientFormula<TActivation>(TActivation activation) : IChannelFormula
    where TActivation : unmanaged, IFoldedActivation
{
    private readonly TActivation _activation = activation;

    public static bool TakesTwo => true;

    public static bool TakesFive => true;

    public static bool TakesScale => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<V>(V x, V g, V mean, V scale, V shift, V power, ref V sum, ref V products) where V : unmanaged, ILane<V>
    {
        V d = V.MulAdd(x, power, -mean);
        V h = _activation.Gradient(g, V.MulAdd(d, scale, shift));
        sum += h;
        products = V.MulAdd(h, d, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Element<V>(V x, V g, V mean, V scale, V shift, V offset, V slope, V power) where V : unmanaged, ILane<V>
    {
        V d = V.MulAdd(x, power, -mean);
        V h = _activation.Gradient(g, V.MulAdd(d, scale, shift));
        return power * V.MulAdd(d, slope, V.MulAdd(h, scale, offset));
    }
}

/// <summary>
/// The same where mean and deviation are given and not of the inputs: dx = scale h, for what passes through them would be slope 0 times d,
/// which is NaN where an input is infinite.
/// </summary>
internal readonly struct GivenStatisticsGradientFormula<TActivation>(TActivation activation) : IChannelFormula
    where TActivation : unmanaged, IFoldedActivation
{
    private readonly ScaledGradientFormula<TActivation> _ofBatch = new(activation);
    private readonly TActivation _activation = activation;

    public static bool TakesTwo => true;

    public static bool TakesFive => true;

    public static bool TakesScale => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<V>(V x, V g, V mean, V scale, V shift, V power, ref V sum, ref V products) where V : unmanaged, ILane<V> =>
        _ofBatch.Add(x, g, mean, scale, shift, power, ref sum, ref products);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Element<V>(V x, V g, V mean, V scale, V shift, V offset, V slope, V power) where V : unmanaged, ILane<V> =>
        power * (_activation.Gradient(g, V.MulAdd(V.MulAdd(x, power, -mean), scale, shift)) * scale);
}
