namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// The gradient of the weight: rows are (tap row, tap column, input channel), columns output channels, and the depth is the places of the
/// output in all images. Masked taps have no rows.
/// </summary>
internal readonly struct WeightGradientProduct(Conv2dLayout layout, int group) : IConv2dProduct<WeightGradientProduct>
{
    private readonly Conv2dLayout _layout = layout;
    private readonly int _group = group;

    public static bool DepthRunsInA => false;

    public static bool DepthRunsInB => false;

    public int Parts => _layout.Groups;

    public WeightGradientProduct Part(int part) => new(_layout, part);

    public int Rows => _layout.Taps * _layout.GroupInputs;

    public int Elements => Rows * _layout.Outputs;

    public int Columns => _layout.GroupOutputs;

    public int ResultChannels => _layout.Outputs;

    public int Depth => _layout.Batch * _layout.Y.OutputExtent * _layout.X.OutputExtent;

    public Conv2dLine Line(int row)
    {
        int channel = row % _layout.GroupInputs;
        int tap = row / _layout.GroupInputs;
        return new(
            (_group * _layout.GroupInputs) + channel,
            (tap / _layout.X.Kernel * _layout.Y.Dilation) - _layout.Y.Before,
            (tap % _layout.X.Kernel * _layout.X.Dilation) - _layout.X.Before);
    }

    public int Channels => _layout.GroupInputs;

    public int SourceChannels => _layout.Inputs;

    public int Group => _group;

    /// <summary>The pixel, counted through all images, that a row's tap meets at a depth; -1 in the padding.</summary>
    public int PixelOf(Conv2dLine line, int depth)
    {
        int x = (depth % _layout.X.OutputExtent * _layout.X.Stride) + line.X;
        int y = (depth / _layout.X.OutputExtent % _layout.Y.OutputExtent * _layout.Y.Stride) + line.Y;
        int image = depth / _layout.X.OutputExtent / _layout.Y.OutputExtent;
        bool inside = y >= 0 && y < _layout.Y.InputExtent && x >= 0 && x < _layout.X.InputExtent;
        return inside ? (((image * _layout.Y.InputExtent) + y) * _layout.X.InputExtent) + x : -1;
    }

    public int AtA(Conv2dLine line, int depth)
    {
        int pixel = PixelOf(line, depth);
        return pixel >= 0 ? line.Start + (pixel * _layout.Inputs) : -1;
    }

    public int AtB(int depth, int column) => (depth * _layout.Outputs) + (_group * _layout.GroupOutputs) + column;

    public int AtC(int row, int column) => (row * _layout.Outputs) + (_group * _layout.GroupOutputs) + column;

    public int AtBias(int column) => (_group * _layout.GroupOutputs) + column;

    public Conv2dElement Find(int element)
    {
        int channel = element % _layout.Outputs;
        return new(channel / _layout.GroupOutputs, element / _layout.Outputs, channel % _layout.GroupOutputs);
    }
}
