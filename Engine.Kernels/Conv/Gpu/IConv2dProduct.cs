namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// A convolution, or a gradient of one, seen as a product of matrices C = A B of which none but C need be in memory: an element of A or B
/// is found in an image or the weight when it is read. There is a product for each part: a group of channels, or a group and a phase.
/// </summary>
internal interface IConv2dProduct<TSelf> where TSelf : unmanaged, IConv2dProduct<TSelf>
{
    /// <summary>Whether neighbours in depth, rather than neighbouring rows, are neighbours in memory.</summary>
    static abstract bool DepthRunsInA { get; }

    /// <summary>Whether neighbours in depth, rather than neighbouring columns, are neighbours in memory.</summary>
    static abstract bool DepthRunsInB { get; }

    /// <summary>The number of parts.</summary>
    int Parts { get; }

    /// <summary>The product of a part; that of part 0 has the most rows.</summary>
    TSelf Part(int part);

    /// <summary>The rows of C.</summary>
    int Rows { get; }

    /// <summary>The elements of the result that all parts have together: the first ones in memory.</summary>
    int Elements { get; }

    /// <summary>The columns of C.</summary>
    int Columns { get; }

    /// <summary>The innermost extent of the result: the columns of all groups of channels.</summary>
    int ResultChannels { get; }

    /// <summary>What is summed over.</summary>
    int Depth { get; }

    /// <summary>What all elements of a row of A have in common.</summary>
    Conv2dLine Line(int row);

    /// <summary>Where an element of A is; -1 where it is a zero of the padding.</summary>
    int AtA(Conv2dLine line, int depth);

    /// <summary>
    /// The channels of a group of A: those that each tap adds to the depth or, where neighbours in depth are pixels, to the rows.
    /// </summary>
    int Channels { get; }

    /// <summary>The channels of a pixel of A, of all groups.</summary>
    int SourceChannels { get; }

    /// <summary>The group of channels.</summary>
    int Group { get; }

    /// <summary>
    /// The pixel of A, counted through all images, that a row meets with a tap or, where neighbours in depth are pixels, at a depth; -1 in
    /// the padding.
    /// </summary>
    int PixelOf(Conv2dLine line, int place);

    /// <summary>Where an element of B is.</summary>
    int AtB(int depth, int column);

    /// <summary>Where an element of C is.</summary>
    int AtC(int row, int column);

    /// <summary>Which element of the bias is added in a column.</summary>
    int AtBias(int column);

    /// <summary>The part, the row and the column of an element of the result: the inverse of <see cref="AtC"/>.</summary>
    Conv2dElement Find(int element);
}

/// <summary>
/// What all elements of a row of A have in common: the first pixel of their image or, where neighbours in depth are pixels, their channel;
/// and a place along both axes.
/// </summary>
internal readonly struct Conv2dLine(int start, int y, int x)
{
    internal readonly int Start = start, Y = y, X = x;
}

/// <summary>The place of an element of the result.</summary>
internal readonly struct Conv2dElement(int part, int row, int column)
{
    internal readonly int Part = part, Row = row, Column = column;
}

/// <summary>
/// A convolution as its GPU kernels take it. As in <see cref="Conv2dShape"/>, inputs and outputs are channels; extents are in the axes.
/// </summary>
internal readonly struct Conv2dLayout
{
    internal readonly int Batch, Inputs, Outputs, Groups, GroupInputs, GroupOutputs;
    internal readonly ConvAxis Y, X;

    /// <summary>Taps that take part, the first in raster order, and those of the last row that do.</summary>
    internal readonly int Taps, LastTaps;

    internal Conv2dLayout(in Conv2dShape uncropped)
    {
        Conv2dShape shape = uncropped.Cropped;
        (Taps, LastTaps) = (shape.LiveTaps, shape.KernelWidth - shape.MaskedTaps);
        (Batch, Inputs, Outputs, Groups, GroupInputs, GroupOutputs) =
            (shape.Batch, shape.Inputs, shape.Outputs, shape.Groups, shape.GroupInputs, shape.GroupOutputs);
        (Y, X) = (shape.RowAxis, shape.ColumnAxis);
    }
}
