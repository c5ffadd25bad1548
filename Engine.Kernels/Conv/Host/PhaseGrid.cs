namespace Engine.Kernels.Conv.Host;

/// <summary>
/// A convolution or a transposed one as a set of phases (<see cref="AxisPhase"/>), of which each pixel of the target belongs to one.
/// </summary>
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

    internal AxisPhase Rows(int phase) => transposed
        ? AxisPhase.Transposed(
            phase, shape.Height, shape.OutputHeight, shape.KernelHeight, shape.StrideHeight, shape.Padding.Top, shape.DilationHeight)
        : AxisPhase.Forward(
            shape.Height, shape.OutputHeight, shape.KernelHeight, shape.StrideHeight, shape.Padding.Top, shape.DilationHeight);

    internal AxisPhase Columns(int phase) => transposed
        ? AxisPhase.Transposed(
            phase, shape.Width, shape.OutputWidth, shape.KernelWidth, shape.StrideWidth, shape.Padding.Left, shape.DilationWidth)
        : AxisPhase.Forward(
            shape.Width, shape.OutputWidth, shape.KernelWidth, shape.StrideWidth, shape.Padding.Left, shape.DilationWidth);

    /// <summary>
    /// Of the taps of a phase along the columns, those that the mask leaves in a row of taps: from one on to behind the last.
    /// </summary>
    internal (int From, int To) LiveColumns(in AxisPhase rows, in AxisPhase columns, int row)
    {
        int from = 0, to = columns.Taps;
        if (shape.MaskedTaps == 0 || rows.KernelFirst + (row * rows.KernelStep) != shape.KernelHeight - 1) return (from, to);
        int end = shape.KernelWidth - shape.MaskedTaps;
        while (from < to && columns.KernelFirst + (from * columns.KernelStep) >= end) from++;
        while (from < to && columns.KernelFirst + ((to - 1) * columns.KernelStep) >= end) to--;
        return (from, to);
    }

    /// <summary>Taps of all phases along the rows.</summary>
    internal int TapsDown
    {
        get
        {
            int taps = 0;
            for (int phase = 0; phase < Down; phase++) taps += Rows(phase).Taps;
            return taps;
        }
    }

    /// <summary>Taps of all phases along the columns.</summary>
    internal int TapsAcross
    {
        get
        {
            int taps = 0;
            for (int phase = 0; phase < Across; phase++) taps += Columns(phase).Taps;
            return taps;
        }
    }

    /// <summary>How many taps the phases before one have together.</summary>
    internal int TapsBefore(int down, int across)
    {
        int before = 0, left = 0;
        for (int phase = 0; phase < down; phase++) before += Rows(phase).Taps;
        for (int phase = 0; phase < across; phase++) left += Columns(phase).Taps;
        return (before * TapsAcross) + (Rows(down).Taps * left);
    }
}
