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
