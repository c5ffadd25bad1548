namespace Engine.Kernels.Conv.Host;

/// <summary>A convolution or a transposed one as a set of phases, of which each pixel of the target belongs to one.</summary>
/// <param name="shape">The extents of the convolution.</param>
/// <param name="transposed">Whether its transpose is meant: the target is then the convolution's input.</param>
internal readonly struct PhaseGrid(Conv2dShape shape, bool transposed)
{
    /// <summary>Whether the weight is read transposed.</summary>
    internal bool Transposed => transposed;

    /// <summary>Phases of the rows.</summary>
    internal int Down => transposed ? Math.Min(shape.StrideHeight, shape.Height) : 1;

    /// <summary>Phases of the columns.</summary>
    internal int Across => transposed ? Math.Min(shape.StrideWidth, shape.Width) : 1;

    /// <summary>Taps of all phases along the rows.</summary>
    internal int TapsDown => TapsBefore(shape.RowAxis, Down);

    /// <summary>Taps of all phases along the columns.</summary>
    internal int TapsAcross => TapsBefore(shape.ColumnAxis, Across);

    internal ConvPhase Rows(int phase) => Phase(shape.RowAxis, phase);

    internal ConvPhase Columns(int phase) => Phase(shape.ColumnAxis, phase);

    /// <summary>
    /// Of the taps of a phase along the columns, those that the mask leaves in a row of taps: from one on to behind the last.
    /// </summary>
    internal (int From, int To) LiveColumns(in ConvPhase rows, in ConvPhase columns, int row)
    {
        int from = 0, to = columns.Taps;
        if (shape.MaskedTaps == 0 || rows.FirstTap + (row * rows.TapStep) != shape.KernelHeight - 1) return (from, to);
        int end = shape.KernelWidth - shape.MaskedTaps;
        while (from < to && columns.FirstTap + (from * columns.TapStep) >= end) from++;
        while (from < to && columns.FirstTap + ((to - 1) * columns.TapStep) >= end) to--;
        return (from, to);
    }

    /// <summary>How many taps the phases before one have together.</summary>
    internal int TapsBefore(int down, int across) =>
        (TapsBefore(shape.RowAxis, down) * TapsAcross) + (Rows(down).Taps * TapsBefore(shape.ColumnAxis, across));

    /// <summary>Taps in the order in which the source grows.</summary>
    private ConvPhase Phase(in ConvAxis axis, int phase) => transposed ? new ConvPhase(axis, phase).Reversed : new(axis);

    private int TapsBefore(in ConvAxis axis, int end)
    {
        int taps = 0;
        for (int phase = 0; phase < end; phase++) taps += Phase(axis, phase).Taps;
        return taps;
    }
}
