namespace Engine.Kernels.Conv.Host;

/// <summary>
/// The transforms of F(4, 3), which computes four outputs of three taps with six multiplications in place of twelve (Winograd, "Arithmetic
/// Complexity of Computations", 1980; Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016): y = A' [(G w) * (B' x)],
/// with the points 0, 1, -1, 2, -2 and infinity. Each is applied to lines of vectors, first along the columns, then along the rows.
/// </summary>
internal static unsafe class WinogradTransform
{
    /// <summary>Outputs of a tile along an axis.</summary>
    internal const int Outputs = 4;

    /// <summary>Points, and inputs of a tile, along an axis.</summary>
    internal const int Points = 6;

    /// <summary>Points of a tile.</summary>
    internal const int Points2 = Points * Points;

    /// <summary>
    /// Elements between what belongs to one point and the next: without them the points of a vector would often lie a power of two apart,
    /// all in one set of the nearest cache.
    /// </summary>
    internal const int Apart = 16;

    /// <summary>
    /// Whether a tile of <paramref name="outputs"/> outputs uses a point. The last tile may have fewer than four outputs, and n outputs of
    /// three taps need n + 2 points: 0, 1, -1, 2, -2 as far as needed, and infinity. The kernel is transformed as for four: what its points
    /// are scaled by otherwise, the inputs make good.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Uses(int outputs, int point) => point <= outputs || point == Points - 1;

    /// <summary>Inputs to points, B', for a tile of some outputs, which has two inputs more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Input<TV, T>(int outputs, TV d0, TV d1, TV d2, TV d3, TV d4, TV d5, T* target, nint step)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged
    {
        if (outputs == Outputs)
        {
            TV even = TV.MulAdd(TV.Of(-4), d2, d4), odd = TV.MulAdd(TV.Of(-4), d1, d3);
            TV.Store(TV.MulAdd(TV.Of(4), d0, TV.MulAdd(TV.Of(-5), d2, d4)), target);
            TV.Store(even + odd, target + step);
            TV.Store(even - odd, target + (2 * step));
            even = d4 - d2;
            odd = d3 - d1;
            odd += odd;
            TV.Store(even + odd, target + (3 * step));
            TV.Store(even - odd, target + (4 * step));
            TV.Store(TV.MulAdd(TV.Of(4), d1, TV.MulAdd(TV.Of(-5), d3, d5)), target + (5 * step));
        }
        else if (outputs == 3)
        {
            // 4 d0 - 2 d1 - 4 d2 + 2 d3; -6 d1 - 3 d2 + 3 d3; 2 d1 - 3 d2 + d3; -4 d1 + 4 d3; 2 d1 - d2 - 2 d3 + d4
            TV difference = d3 - d1;
            TV.Store(TV.MulAdd(TV.Of(4), d0 - d2, difference + difference), target);
            TV.Store(TV.MulAdd(TV.Of(3), d3 - d2, TV.Of(-6) * d1), target + step);
            TV.Store(TV.MulAdd(TV.Of(-3), d2, TV.MulAdd(TV.Of(2), d1, d3)), target + (2 * step));
            TV.Store(TV.Of(4) * difference, target + (3 * step));
            TV.Store(TV.MulAdd(TV.Of(-2), difference, d4 - d2), target + (5 * step));
        }
        else if (outputs == 2)
        {
            // 4 d0 - 4 d2; -3 d1 - 3 d2; 3 d1 - 3 d2; d3 - d1
            TV.Store(TV.Of(4) * (d0 - d2), target);
            TV.Store(TV.Of(-3) * (d1 + d2), target + step);
            TV.Store(TV.Of(3) * (d1 - d2), target + (2 * step));
            TV.Store(d3 - d1, target + (5 * step));
        }
        else
        {
            // 4 d0 - 4 d1; -6 d1; d2 - d1
            TV.Store(TV.Of(4) * (d0 - d1), target);
            TV.Store(TV.Of(-6) * d1, target + step);
            TV.Store(d2 - d1, target + (5 * step));
        }
    }

    /// <summary>Points to outputs: A'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Output<TV, T>(int outputs, T* source, nint sourceStep, T* target, nint step)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged
    {
        TV m0 = TV.Load(source), m1 = TV.Load(source + sourceStep), last = TV.Load(source + (5 * sourceStep));
        if (outputs == 1)
        {
            TV.Store(m0 + m1 + last, target);
            return;
        }

        TV m2 = TV.Load(source + (2 * sourceStep)), sum = m1 + m2, difference = m1 - m2;
        if (outputs == 2)
        {
            TV.Store(m0 + sum, target);
            TV.Store(difference + last, target + step);
            return;
        }

        TV m3 = TV.Load(source + (3 * sourceStep));
        if (outputs == 3)
        {
            TV.Store(m0 + sum + m3, target);
            TV.Store(TV.MulAdd(TV.Of(2), m3, difference), target + step);
            TV.Store(TV.MulAdd(TV.Of(4), m3, sum) + last, target + (2 * step));
            return;
        }

        TV m4 = TV.Load(source + (4 * sourceStep)), sum2 = m3 + m4, difference2 = m3 - m4;
        TV.Store(m0 + sum + sum2, target);
        TV.Store(TV.MulAdd(TV.Of(2), difference2, difference), target + step);
        TV.Store(TV.MulAdd(TV.Of(4), sum2, sum), target + (2 * step));
        TV.Store(TV.MulAdd(TV.Of(8), difference2, difference) + last, target + (3 * step));
    }

    /// <summary>Three taps to six points: G.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Kernel<TV, T>(TV w0, TV w1, TV w2, T* target, nint step)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged
    {
        TV sixth = TV.Of(1.0 / 6), twelfth = TV.Of(1.0 / 12);
        TV even = -(w0 + w2) * sixth, odd = w1 * sixth;
        TV.Store(w0 * TV.Of(0.25), target);
        TV.Store(even - odd, target + step);
        TV.Store(even + odd, target + (2 * step));
        even = TV.MulAdd(w0, TV.Of(1.0 / 24), w2 * sixth);
        odd = w1 * twelfth;
        TV.Store(even + odd, target + (3 * step));
        TV.Store(even - odd, target + (4 * step));
        TV.Store(w2, target + (5 * step));
    }

    /// <summary>The gradient of the outputs to that at the points: A.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void OutputGradient<TV, T>(int outputs, TV g0, TV g1, TV g2, TV g3, T* target, nint step)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged
    {
        TV.Store(g0, target);
        if (outputs == 1)
        {
            TV.Store(g0, target + step);
            TV.Store(g0, target + (5 * step));
        }
        else if (outputs == 2)
        {
            TV.Store(g0 + g1, target + step);
            TV.Store(g0 - g1, target + (2 * step));
            TV.Store(g1, target + (5 * step));
        }
        else if (outputs == 3)
        {
            TV even = g0 + g2;
            TV.Store(even + g1, target + step);
            TV.Store(even - g1, target + (2 * step));
            TV.Store(TV.MulAdd(TV.Of(4), g2, TV.MulAdd(TV.Of(2), g1, g0)), target + (3 * step));
            TV.Store(g2, target + (5 * step));
        }
        else
        {
            TV even = g0 + g2, odd = g1 + g3;
            TV.Store(even + odd, target + step);
            TV.Store(even - odd, target + (2 * step));
            even = TV.MulAdd(TV.Of(4), g2, g0);
            odd = TV.MulAdd(TV.Of(8), g3, g1 + g1);
            TV.Store(even + odd, target + (3 * step));
            TV.Store(even - odd, target + (4 * step));
            TV.Store(g3, target + (5 * step));
        }
    }

    /// <summary>The gradient at six points to that of three taps: G'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void KernelGradient<TV, T>(T* source, nint sourceStep, T* target, nint step)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged
    {
        TV u1 = TV.Load(source + sourceStep), u2 = TV.Load(source + (2 * sourceStep));
        TV u3 = TV.Load(source + (3 * sourceStep)), u4 = TV.Load(source + (4 * sourceStep));
        TV sixth = TV.Of(1.0 / 6), even = -(u1 + u2) * sixth, even2 = u3 + u4;
        TV.Store(TV.MulAdd(TV.Load(source), TV.Of(0.25), TV.MulAdd(even2, TV.Of(1.0 / 24), even)), target);
        TV.Store(TV.MulAdd(u3 - u4, TV.Of(1.0 / 12), (u2 - u1) * sixth), target + step);
        TV.Store(TV.MulAdd(even2, sixth, even) + TV.Load(source + (5 * sourceStep)), target + (2 * step));
    }
}

/// <summary>The transforms of whole tiles: along the columns, then along the rows.</summary>
internal static unsafe class WinogradTiles<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const int Points = WinogradTransform.Points, Points2 = WinogradTransform.Points2, Outputs = WinogradTransform.Outputs;

    /// <summary>
    /// points[p * step + c] = B' d B for the pixels of a tile with <paramref name="rows"/> x <paramref name="columns"/> outputs, each of
    /// <paramref name="depth"/> channels c. The pixels are in rows of six; those that a smaller tile does not have must be readable all the
    /// same.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Input(T** pixels, int rows, int columns, int depth, T* between, T* points, nint step)
    {
        int count = TV.Count;
        for (int c = 0; c < depth; c += count)
        {
            for (int j = 0; j < columns + 2; j++)
            {
                WinogradTransform.Input<TV, T>(
                    rows, TV.Load(pixels[j] + c), TV.Load(pixels[Points + j] + c), TV.Load(pixels[(2 * Points) + j] + c),
                    TV.Load(pixels[(3 * Points) + j] + c),
                    TV.Load(pixels[(4 * Points) + j] + c), TV.Load(pixels[(5 * Points) + j] + c), between + (j * count), Points * count);
            }

            for (int i = 0; i < Points; i++)
            {
                if (!WinogradTransform.Uses(rows, i)) continue;
                T* row = between + (i * Points * count);
                WinogradTransform.Input<TV, T>(
                    columns, TV.Load(row), TV.Load(row + count), TV.Load(row + (2 * count)), TV.Load(row + (3 * count)),
                    TV.Load(row + (4 * count)), TV.Load(row + (5 * count)), points + c + (i * Points * step), step);
            }
        }
    }

    /// <summary>
    /// A' m A of one vector: points, <paramref name="step"/> elements apart, to outputs in rows of four, one after the other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Output(T* points, nint step, int rows, int columns, T* between, T* outputs)
    {
        int count = TV.Count;
        for (int j = 0; j < Points; j++)
        {
            if (WinogradTransform.Uses(columns, j))
                WinogradTransform.Output<TV, T>(rows, points + (j * step), Points * step, between + (j * count), Points * count);
        }

        for (int i = 0; i < rows; i++)
            WinogradTransform.Output<TV, T>(columns, between + (i * Points * count), count, outputs + (i * Outputs * count), count);
    }

    /// <summary>
    /// A g A' of one vector: outputs to points, <paramref name="step"/> elements apart. The pixels are in rows of four; those that a
    /// smaller tile does not have must be readable all the same.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void OutputGradient(T** pixels, nint channel, int rows, int columns, T* between, T* points, nint step)
    {
        int count = TV.Count;
        for (int j = 0; j < columns; j++)
        {
            WinogradTransform.OutputGradient<TV, T>(
                rows, TV.Load(pixels[j] + channel), TV.Load(pixels[Outputs + j] + channel), TV.Load(pixels[(2 * Outputs) + j] + channel),
                TV.Load(pixels[(3 * Outputs) + j] + channel), between + (j * count), Outputs * count);
        }

        for (int i = 0; i < Points; i++)
        {
            if (!WinogradTransform.Uses(rows, i)) continue;
            T* row = between + (i * Outputs * count);
            WinogradTransform.OutputGradient<TV, T>(
                columns, TV.Load(row), TV.Load(row + count), TV.Load(row + (2 * count)), TV.Load(row + (3 * count)),
                points + (i * Points * step), step);
        }
    }

    /// <summary>G' u G of one vector: 36 points to 9 taps, one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void KernelGradient(T* points, T* between, T* taps)
    {
        const int kernel = WinogradAxis.Taps;
        int count = TV.Count;
        for (int j = 0; j < Points; j++)
            WinogradTransform.KernelGradient<TV, T>(points + (j * count), Points * count, between + (j * count), Points * count);
        for (int i = 0; i < kernel; i++)
            WinogradTransform.KernelGradient<TV, T>(between + (i * Points * count), count, taps + (i * kernel * count), count);
    }
}
