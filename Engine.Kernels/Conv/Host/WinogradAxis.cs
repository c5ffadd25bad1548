namespace Engine.Kernels.Conv.Host;

/// <summary>
/// One axis of a convolution as a correlation of three taps and stride 1, of several phases. With stride s the fine side (a convolution's
/// input) has s phases, fine place s v + r; the coarse side (its output) has places u. They meet where v = u + Offset + e, e = 0, 1, 2,
/// through the row of the kernel s (Offset + e) + r + padding. For the transpose the coarse side is the source, and the same taps are met
/// at u = v - Offset - e.
/// </summary>
/// <param name="Extent">Places of the fine side.</param>
/// <param name="Coarse">Places of the coarse side.</param>
/// <param name="Size">Rows of the kernel.</param>
/// <param name="Stride">Phases of the fine side.</param>
/// <param name="Padding">The padding before the fine side.</param>
/// <param name="Transposed">Whether the fine side is the target.</param>
internal readonly record struct WinogradAxis(int Extent, int Coarse, int Size, int Stride, int Padding, bool Transposed)
{
    /// <summary>Taps that the transform takes.</summary>
    internal const int Taps = 3;

    /// <summary>Kinds of tiles.</summary>
    internal const int Kinds = 2;

    /// <summary>The least distance from a coarse place u to a v that it meets: i = s d + r + p &gt;= 0 for some phase r.</summary>
    private int LeastDistance => -((Padding + Stride - 1) / Stride);

    /// <summary>The largest distance: i = s d + r + p &lt; Size for some phase r.</summary>
    private int LargestDistance => FloorDivide(Size - 1 - Padding, Stride);

    /// <summary>From a target place to the first source place that it reads, in places of one phase.</summary>
    internal int Offset => Transposed ? -LargestDistance : LeastDistance;

    /// <summary>Places of a phase of the target.</summary>
    internal int TargetExtent => Transposed ? (Extent + Stride - 1) / Stride : Coarse;

    /// <summary>Tiles of each kind: 0, with four outputs; 1, the last one with what remains.</summary>
    internal int Tiles(int kind) =>
        kind == 0 ? TargetExtent / WinogradTransform.Outputs : Math.Min(TargetExtent % WinogradTransform.Outputs, 1);

    /// <summary>Outputs of a tile of a kind.</summary>
    internal int Outputs(int kind) => kind == 0 ? WinogradTransform.Outputs : TargetExtent % WinogradTransform.Outputs;

    /// <summary>The first output of a tile of a kind.</summary>
    internal int FirstOutput(int kind, int tile) =>
        (kind == 0 ? tile : TargetExtent / WinogradTransform.Outputs) * WinogradTransform.Outputs;

    /// <summary>Points of all tiles at which the transformed kernel of a phase is not 0.</summary>
    internal int Products(int phase)
    {
        int count = 0;
        for (int kind = 0; kind < Kinds; kind++)
        {
            for (int point = 0; point < WinogradTransform.Points; point++)
                if (WinogradTransform.Uses(Outputs(kind), point) && !IsZero(phase, point)) count += Tiles(kind);
        }

        return count;
    }

    /// <summary>Whether the kernel fits the transform: at most three taps, and every phase has one.</summary>
    internal bool IsSupported =>
        LargestDistance - LeastDistance < Taps && Size >= Stride && Extent >= Stride && LargestDistance > LeastDistance;

    /// <summary>The row of the kernel at tap <paramref name="e"/> of a phase; -1 where it has none.</summary>
    internal int Kernel(int phase, int e)
    {
        int distance = Transposed ? -(Offset + e) : Offset + e, i = (Stride * distance) + phase + Padding;
        return i >= 0 && i < Size ? i : -1;
    }

    /// <summary>
    /// Whether the transformed kernel of a phase is 0 at a point: the first point sees the first tap alone, the last the last.
    /// </summary>
    internal bool IsZero(int phase, int point) =>
        (point == 0 && Kernel(phase, 0) < 0) || (point == WinogradTransform.Points - 1 && Kernel(phase, Taps - 1) < 0);

    private static int FloorDivide(int a, int b) => a >= 0 ? a / b : -((-a + b - 1) / b);
}
