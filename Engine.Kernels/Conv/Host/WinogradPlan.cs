namespace Engine.Kernels.Conv.Host;

/// <summary>
/// A convolution or a transposed one as products at the points of <see cref="WinogradTransform"/>. The phases of the fine side share one
/// grid of tiles, and so one transform of the coarse side: a convolution sums its phases at the points, where they are further depths of
/// one product; a transposed one has the columns of each phase. At points where the transformed kernel of a phase is 0 because it has fewer
/// than three taps, there is no product.
/// </summary>
internal readonly struct WinogradPlan(Conv2dShape shape, bool transposed)
{
    internal readonly Conv2dShape Shape = shape;
    internal readonly bool Transposed = transposed;

    internal readonly WinogradAxis Rows = new(
        shape.Height, shape.OutputHeight, shape.KernelHeight, shape.StrideHeight, shape.Padding.Top, transposed);

    internal readonly WinogradAxis Columns = new(
        shape.Width, shape.OutputWidth, shape.KernelWidth, shape.StrideWidth, shape.Padding.Left, transposed);

    /// <summary>Phases of the fine side.</summary>
    internal int Phases => Rows.Stride * Columns.Stride;

    internal int SourcePhases => Transposed ? 1 : Phases;

    internal int TargetPhases => Transposed ? Phases : 1;

    /// <summary>Channels of the source.</summary>
    internal int Depth => Transposed ? Shape.Outputs : Shape.Inputs;

    /// <summary>Channels of the target.</summary>
    internal int Channels => Transposed ? Shape.Inputs : Shape.Outputs;

    /// <summary>Products of all tiles of an image, each of as many multiplications as the weight has for a tap.</summary>
    private long ImageProducts
    {
        get
        {
            long count = 0;
            for (int phase = 0; phase < Phases; phase++) count += (long)Rows.Products(phase / Columns.Stride)
                * Columns.Products(phase % Columns.Stride);
            return count;
        }
    }

    internal bool IsZero(int phase, int point) =>
        Rows.IsZero(phase / Columns.Stride, point / WinogradTransform.Points)
            || Columns.IsZero(phase % Columns.Stride, point % WinogradTransform.Points);

    /// <summary>Source phases that take part at a point of a target phase, of those before <paramref name="end"/>.</summary>
    internal int PhasesAt(int targetPhase, int point, int end)
    {
        int count = 0;
        for (int source = 0; source < end; source++)
            if (!IsZero(Transposed ? targetPhase : source, point)) count++;
        return count;
    }

    /// <summary>Source phases at the points of a target phase before <paramref name="point"/>, together.</summary>
    internal int PhasesBefore(int targetPhase, int point)
    {
        int count = 0;
        for (int p = 0; p < point; p++) count += PhasesAt(targetPhase, p, SourcePhases);
        return count;
    }

    /// <summary>Pairs of a phase and a point at which there is a product.</summary>
    internal int Products
    {
        get
        {
            int count = 0;
            for (int phase = 0; phase < TargetPhases; phase++) count += PhasesBefore(phase, WinogradTransform.Points2);
            return count;
        }
    }

    /// <summary>
    /// Where the transformed weight of a point begins, for a panel of columns: [target phase, panel, point, source phase, depth, columns of
    /// the panel], with a gap behind each point. The phase behind the last gives the length.
    /// </summary>
    internal nint WeightAt(int targetPhase, in ColumnPanels panels, int panel, int firstColumn, int width, int point)
    {
        nint before = 0, points = ((((nint)targetPhase * panels.Count) + panel) * WinogradTransform.Points2) + point;
        for (int phase = 0; phase < targetPhase; phase++) before += PhasesBefore(phase, WinogradTransform.Points2);
        before *= Channels;
        if (targetPhase < TargetPhases)
        {
            before += (nint)PhasesBefore(targetPhase, WinogradTransform.Points2) * firstColumn;
            before += (nint)PhasesBefore(targetPhase, point) * width;
        }

        return (before * Depth) + (points * WinogradTransform.Apart);
    }

    /// <summary>
    /// Finds the pixels of the source that a tile reads in a phase, in rows of six: from a channel on, zeros outside the image.
    /// </summary>
    internal unsafe void FindPixels<T>(
        in WinogradKind kind, long tile, int phase, in Images<T> source, int channel, T* zeros, T** pixels) where T : unmanaged
    {
        const int points = WinogradTransform.Points;
        int strideY = Transposed ? 1 : Rows.Stride, strideX = Transposed ? 1 : Columns.Stride;
        kind.Locate(tile, out int image, out int y, out int x);
        int firstY = ((y + Rows.Offset) * strideY) + (phase / strideX), firstX = ((x + Columns.Offset) * strideX) + (phase % strideX);
        int rows = kind.Rows + 2, columns = kind.Columns + 2, height = source.Height, width = source.Width;
        nint step = (nint)strideX * source.Channels;
        T* outside = zeros + channel;
        for (int i = 0; i < points; i++, pixels += points)
        {
            int v = firstY + (i * strideY);
            bool inRow = i < rows && (uint)v < (uint)height;
            T* pixel = source.At(image, v, firstX) + channel;
            for (int j = 0; j < points; j++, pixel += step)
                pixels[j] = inRow && j < columns && (uint)(firstX + (j * strideX)) < (uint)width ? pixel : outside;
        }
    }

    /// <summary>
    /// Whether the transform can be taken: float32, whole vectors of channels, two or three taps in every phase. Float64 is for checks, and
    /// keeps the accuracy of the direct form.
    /// </summary>
    internal static bool IsPossible<T>(in Conv2dShape shape, bool transposed) where T : unmanaged
    {
        const int vector = 16;
        if (typeof(T) != typeof(float) || shape.Groups != 1 || shape.DilationHeight != 1 || shape.DilationWidth != 1) return false;
        if (shape.Inputs % vector != 0 || shape.Outputs % vector != 0) return false;
        WinogradPlan plan = new(shape, transposed);
        return plan.Rows.IsSupported && plan.Columns.IsSupported;
    }

    /// <summary>
    /// Whether the transform pays: the products at the points have to be well fewer than the direct ones, with so many channels that the
    /// transforms of the images, which cost as much as the products of some twenty, do not count; and so many tiles that the transform of
    /// the weight does not.
    /// </summary>
    internal static bool Pays(in Conv2dShape shape, bool transposed)
    {
        const double imageChannels = 20, weightTiles = 40, worthwhile = 0.9;
        WinogradPlan plan = new(shape, transposed);
        double tapMultiplyAdds = (double)shape.Inputs * shape.Outputs;
        double products = (double)shape.Batch * plan.ImageProducts * (1 + (imageChannels / shape.Inputs) + (imageChannels / shape.Outputs));
        return (products + (weightTiles * plan.Products)) * tapMultiplyAdds < worthwhile * shape.MultiplyAdds;
    }
}

/// <summary>
/// The tiles of all images that have equal numbers of outputs: those within the image, those at its right or lower end, and that in the
/// corner.
/// </summary>
internal readonly struct WinogradKind
{
    /// <summary>Kinds of a plan; some may have no tiles.</summary>
    internal const int Count = WinogradAxis.Kinds * WinogradAxis.Kinds;

    private readonly WinogradAxis _rows, _columns;
    private readonly int _down, _across;

    internal WinogradKind(in WinogradPlan plan, int kind)
    {
        (_rows, _columns) = (plan.Rows, plan.Columns);
        (_down, _across) = (kind / WinogradAxis.Kinds, kind % WinogradAxis.Kinds);
        Tiles = (long)plan.Shape.Batch * _rows.Tiles(_down) * _columns.Tiles(_across);
    }

    /// <summary>Tiles of all images.</summary>
    internal long Tiles { get; }

    /// <summary>Rows of outputs of a tile.</summary>
    internal int Rows => _rows.Outputs(_down);

    /// <summary>Columns of outputs of a tile.</summary>
    internal int Columns => _columns.Outputs(_across);

    /// <summary>Whether the tiles use a point.</summary>
    internal bool Uses(int point) =>
        WinogradTransform.Uses(Rows, point / WinogradTransform.Points) && WinogradTransform.Uses(Columns, point % WinogradTransform.Points);

    /// <summary>The image of a tile, and its first output in it.</summary>
    internal void Locate(long tile, out int image, out int y, out int x)
    {
        int across = _columns.Tiles(_across), ofImage = _rows.Tiles(_down) * across, within = (int)(tile % ofImage);
        image = (int)(tile / ofImage);
        y = _rows.FirstOutput(_down, within / across);
        x = _columns.FirstOutput(_across, within % across);
    }
}

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
