namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// The convolution itself: rows are places of the output, columns its channels, and the depth is (tap row, tap column, input channel), in
/// the order in which the weight has them.
/// </summary>
internal readonly struct ForwardProduct(Conv2dLayout layout, int group) : IConv2dProduct<ForwardProduct>
{
    private readonly Conv2dLayout _layout = layout;
    private readonly int _group = group;

    public static bool DepthRunsInA => true;

    public static bool DepthRunsInB => false;

    public int Parts => _layout.Groups;

    public ForwardProduct Part(int part) => new(_layout, part);

    public int Rows => _layout.Batch * _layout.Y.OutputExtent * _layout.X.OutputExtent;

    public int Elements => Rows * _layout.Outputs;

    public int Columns => _layout.GroupOutputs;

    public int ResultChannels => _layout.Outputs;

    public int Depth => _layout.Taps * _layout.GroupInputs;

    public Conv2dLine Line(int row)
    {
        int x = row % _layout.X.OutputExtent;
        int y = row / _layout.X.OutputExtent % _layout.Y.OutputExtent;
        int image = row / _layout.X.OutputExtent / _layout.Y.OutputExtent;
        return new(
            image * _layout.Y.InputExtent * _layout.X.InputExtent,
            (y * _layout.Y.Stride) - _layout.Y.Before, (x * _layout.X.Stride) - _layout.X.Before);
    }

    public int Channels => _layout.GroupInputs;

    public int SourceChannels => _layout.Inputs;

    public int Group => _group;

    public int PixelOf(Conv2dLine line, int tap)
    {
        int y = line.Y + (tap / _layout.X.Kernel * _layout.Y.Dilation);
        int x = line.X + (tap % _layout.X.Kernel * _layout.X.Dilation);
        bool inside = y >= 0 && y < _layout.Y.InputExtent && x >= 0 && x < _layout.X.InputExtent;
        return inside ? line.Start + (y * _layout.X.InputExtent) + x : -1;
    }

    public int AtA(Conv2dLine line, int depth)
    {
        int pixel = PixelOf(line, depth / _layout.GroupInputs);
        return pixel >= 0 ? (pixel * _layout.Inputs) + (_group * _layout.GroupInputs) + (depth % _layout.GroupInputs) : -1;
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
