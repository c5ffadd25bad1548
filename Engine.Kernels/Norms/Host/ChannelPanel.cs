namespace Engine.Kernels.Norms.Host;

/// <summary>
/// A panel is some rows of some neighbouring channels. It is walked four rows at a time, along the rows, so that memory is read in long
/// runs; the parameters and the sums of its channels stay in the nearest cache. What a channel gets does not depend on how wide the panel
/// is.
/// </summary>
/// <param name="formula">What is summed and computed.</param>
/// <param name="stride">The channels of the whole array: how far rows are apart.</param>
internal readonly unsafe struct ChannelPanel<T, V, TFormula>(TFormula formula, int stride)
    where T : unmanaged
    where V : unmanaged, IVectorLane<V, T>
    where TFormula : struct, IChannelFormula
{
    /// <summary>Rows that are added up before their sums are added to each other, so that rounding errors stay small.</summary>
    internal const int BlockRows = 256;

    /// <summary>The parameters of a channel.</summary>
    internal const int Parameters = 6;

    /// <summary>A number of channels, rounded up to whole vectors: what parameters and sums have room for.</summary>
    internal static int Padded(int channels) => (channels + V.Count - 1) / V.Count * V.Count;

    /// <summary>The two sums of each channel.</summary>
    /// <param name="a">The first array.</param>
    /// <param name="b">The second.</param>
    /// <param name="rows">The rows of the panel.</param>
    /// <param name="width">Its channels.</param>
    /// <param name="parameters">p0 of its channels; p1 is <paramref name="pitch"/> elements on, and so forth.</param>
    /// <param name="pitch">At least the padded width.</param>
    /// <param name="first">Receives the first sums.</param>
    /// <param name="second">Receives the second sums.</param>
    internal void Sums(T* a, T* b, int rows, int width, T* parameters, int pitch, T* first, T* second)
    {
        int padded = Padded(width);
        T* blockFirst = stackalloc T[2 * padded];
        T* blockSecond = blockFirst + padded;
        new Span<T>(first, padded).Clear();
        new Span<T>(second, padded).Clear();
        for (int block = 0; block < rows; block += BlockRows)
        {
            new Span<T>(blockFirst, 2 * padded).Clear();
            int end = block + Math.Min(BlockRows, rows - block);
            int row = block;
            for (; row <= end - 4; row += 4) AddFour(
                a + ((nint)row * stride), b + ((nint)row * stride), width, parameters, pitch, blockFirst, blockSecond);
            for (; row < end; row++) AddOne(
                a + ((nint)row * stride), b + ((nint)row * stride), width, parameters, pitch, blockFirst, blockSecond);
            for (int c = 0; c < padded; c += V.Count)
            {
                V.Store(V.Load(first + c) + V.Load(blockFirst + c), first + c);
                V.Store(V.Load(second + c) + V.Load(blockSecond + c), second + c);
            }
        }
    }

    /// <summary>The outputs of a panel; <paramref name="y"/> may be one of the inputs.</summary>
    internal void Elements(T* a, T* b, T* y, int rows, int width, T* parameters, int pitch)
    {
        // Rows that lie whole pages apart would compete for the same few places of the cache: those are taken one by one.
        int row = 0;
        for (; row <= rows - 4 && !IsPaged; row += 4)
        {
            nint start = (nint)row * stride;
            int c = 0;
            for (; c <= width - V.Count; c += V.Count) WriteFour(
                default(Whole<T, V>), a + start + c, b + start + c, y + start + c, parameters + c, pitch);
            if (c < width) WriteFour(new First<T, V>(width - c), a + start + c, b + start + c, y + start + c, parameters + c, pitch);
        }

        for (; row < rows; row++)
        {
            nint start = (nint)row * stride;
            int c = 0;
            for (; c <= width - V.Count; c += V.Count) WriteOne(
                default(Whole<T, V>), a + start + c, b + start + c, y + start + c, parameters + c, pitch);
            if (c < width) WriteOne(new First<T, V>(width - c), a + start + c, b + start + c, y + start + c, parameters + c, pitch);
        }
    }

    private bool IsPaged => stride * (long)sizeof(T) % 4096 == 0;

    private void AddFour(T* a, T* b, int width, T* parameters, int pitch, T* first, T* second)
    {
        int c = 0;
        for (; c <= width - V.Count; c += V.Count) AddFour(
            default(Whole<T, V>), a + c, b + c, parameters + c, pitch, first + c, second + c);
        if (c < width) AddFour(new First<T, V>(width - c), a + c, b + c, parameters + c, pitch, first + c, second + c);
    }

    private void AddOne(T* a, T* b, int width, T* parameters, int pitch, T* first, T* second)
    {
        int c = 0;
        for (; c <= width - V.Count; c += V.Count) AddOne(default(Whole<T, V>), a + c, b + c, parameters + c, pitch, first + c, second + c);
        if (c < width) AddOne(new First<T, V>(width - c), a + c, b + c, parameters + c, pitch, first + c, second + c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddFour<TReach>(TReach reach, T* a, T* b, T* parameters, int pitch, T* first, T* second)
        where TReach : struct, IReach<T, V>
    {
        V p0 = V.Load(parameters);
        V p1 = TFormula.TakesTwo ? V.Load(parameters + pitch) : p0;
        V p2 = TFormula.TakesTwo ? V.Load(parameters + (2 * pitch)) : p0;
        V p5 = TFormula.TakesScale ? V.Load(parameters + (5 * pitch)) : p0;
        V firstEven = V.Load(first);
        V secondEven = V.Load(second);
        V firstOdd = V.Of(0);
        V secondOdd = V.Of(0);
        formula.Add(reach.Load(a), Second(reach, b), p0, p1, p2, p5, ref firstEven, ref secondEven);
        formula.Add(reach.Load(a + stride), Second(reach, b + stride), p0, p1, p2, p5, ref firstOdd, ref secondOdd);
        formula.Add(reach.Load(a + (2 * (nint)stride)), Second(reach, b + (2 * (nint)stride)), p0, p1, p2, p5, ref firstEven,
            ref secondEven);
        formula.Add(reach.Load(a + (3 * (nint)stride)), Second(reach, b + (3 * (nint)stride)), p0, p1, p2, p5, ref firstOdd, ref secondOdd);
        V.Store(firstEven + firstOdd, first);
        V.Store(secondEven + secondOdd, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddOne<TReach>(TReach reach, T* a, T* b, T* parameters, int pitch, T* first, T* second) where TReach : struct, IReach<T, V>
    {
        V p0 = V.Load(parameters);
        V p1 = TFormula.TakesTwo ? V.Load(parameters + pitch) : p0;
        V p2 = TFormula.TakesTwo ? V.Load(parameters + (2 * pitch)) : p0;
        V p5 = TFormula.TakesScale ? V.Load(parameters + (5 * pitch)) : p0;
        V firstSum = V.Load(first);
        V secondSum = V.Load(second);
        formula.Add(reach.Load(a), Second(reach, b), p0, p1, p2, p5, ref firstSum, ref secondSum);
        V.Store(firstSum, first);
        V.Store(secondSum, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteFour<TReach>(TReach reach, T* a, T* b, T* y, T* parameters, int pitch) where TReach : struct, IReach<T, V>
    {
        V p0 = V.Load(parameters);
        V p1 = V.Load(parameters + pitch);
        V p2 = V.Load(parameters + (2 * pitch));
        V p3 = TFormula.TakesFive ? V.Load(parameters + (3 * pitch)) : p0;
        V p4 = TFormula.TakesFive ? V.Load(parameters + (4 * pitch)) : p0;
        V p5 = TFormula.TakesScale ? V.Load(parameters + (5 * pitch)) : p0;
        reach.Store(formula.Element(reach.Load(a), Second(reach, b), p0, p1, p2, p3, p4, p5), y);
        reach.Store(formula.Element(reach.Load(a + stride), Second(reach, b + stride), p0, p1, p2, p3, p4, p5), y + stride);
        reach.Store(formula.Element(reach.Load(a + (2 * (nint)stride)), Second(reach, b + (2 * (nint)stride)), p0, p1, p2, p3, p4, p5),
            y + (2 * (nint)stride));
        reach.Store(formula.Element(reach.Load(a + (3 * (nint)stride)), Second(reach, b + (3 * (nint)stride)), p0, p1, p2, p3, p4, p5),
            y + (3 * (nint)stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteOne<TReach>(TReach reach, T* a, T* b, T* y, T* parameters, int pitch) where TReach : struct, IReach<T, V>
    {
        V p0 = V.Load(parameters);
        V p1 = V.Load(parameters + pitch);
        V p2 = V.Load(parameters + (2 * pitch));
        V p3 = TFormula.TakesFive ? V.Load(parameters + (3 * pitch)) : p0;
        V p4 = TFormula.TakesFive ? V.Load(parameters + (4 * pitch)) : p0;
        V p5 = TFormula.TakesScale ? V.Load(parameters + (5 * pitch)) : p0;
        reach.Store(formula.Element(reach.Load(a), Second(reach, b), p0, p1, p2, p3, p4, p5), y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Second<TReach>(TReach reach, T* b) where TReach : struct, IReach<T, V> => TFormula.TakesTwo ? reach.Load(b) : V.Of(0);
}
