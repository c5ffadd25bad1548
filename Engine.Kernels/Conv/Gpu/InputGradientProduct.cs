namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// The gradient of the input, which is the transposed convolution: rows are places of the input of one phase along both axes, columns its
/// channels, and the depth is (tap row, tap column, output channel), of the taps that meet the phase.
/// </summary>
internal readonly struct InputGradientProduct : IConv2dProduct<InputGradientProduct>
{
    private readonly Conv2dLayout _layout;
    private readonly int _group;
    private readonly ConvPhase _y, _x;

    // Masked taps are the last of the kernel's last row, and so the last of a phase.
    private readonly int _taps;

    internal InputGradientProduct(Conv2dLayout layout, int part)
    {
        _layout = layout;
        _group = part % layout.Groups;
        _x = new(layout.X, part / layout.Groups % layout.X.Stride);
        _y = new(layout.Y, part / layout.Groups / layout.X.Stride);
        _taps = _y.Taps * _x.Taps;
        bool hasLastRow = _y.Taps > 0 && _y.FirstTap + ((_y.Taps - 1) * _y.TapStep) == layout.Y.Kernel - 1;
        if (hasLastRow) _taps -= IntrinsicMath.Max(_x.Taps - _x.TapsBefore(layout.LastTaps), 0);
    }

    public static bool DepthRunsInA => true;

    public static bool DepthRunsInB => true;

    public int Parts => _layout.Groups * _layout.X.Stride * _layout.Y.Stride;

    public InputGradientProduct Part(int part) => new(_layout, part);

    public int Rows => _layout.Batch * _y.Places * _x.Places;

    public int Columns => _layout.GroupInputs;

    public int ResultChannels => _layout.Inputs;

    public int Elements => _layout.Batch * _layout.Y.InputExtent * _layout.X.InputExtent * _layout.Inputs;

    public int Depth => _taps * _layout.GroupOutputs;

    public Conv2dLine Line(int row)
    {
        int x = row % _x.Places;
        int y = row / _x.Places % _y.Places;
        int image = row / _x.Places / _y.Places;
        return new(image * _layout.Y.OutputExtent * _layout.X.OutputExtent, _y.SourceOf(y), _x.SourceOf(x));
    }

    public int Channels => _layout.GroupOutputs;

    public int SourceChannels => _layout.Outputs;

    public int Group => _group;

    public int PixelOf(Conv2dLine line, int tap)
    {
        int y = line.Y + (tap / _x.Taps * _y.SourceTapStep);
        int x = line.X + (tap % _x.Taps * _x.SourceTapStep);
        bool inside = y >= 0 && y < _layout.Y.OutputExtent && x >= 0 && x < _layout.X.OutputExtent;
        return inside ? line.Start + (y * _layout.X.OutputExtent) + x : -1;
    }

    public int AtA(Conv2dLine line, int depth)
    {
        int pixel = PixelOf(line, depth / _layout.GroupOutputs);
        return pixel >= 0 ? (pixel * _layout.Outputs) + (_group * _layout.GroupOutputs) + (depth % _layout.GroupOutputs) : -1;
    }

    public int AtB(int depth, int column)
    {
        int channel = depth % _layout.GroupOutputs;
        int tap = depth / _layout.GroupOutputs;
        int tapY = _y.FirstTap + (tap / _x.Taps * _y.TapStep);
        int tapX = _x.FirstTap + (tap % _x.Taps * _x.TapStep);
        return (((((tapY * _layout.X.Kernel) + tapX) * _layout.GroupInputs) + column) * _layout.Outputs) + (_group * _layout.GroupOutputs)
            + channel;
    }

    public int AtC(int row, int column)
    {
        int x = _x.TargetOf(row % _x.Places);
        int y = _y.TargetOf(row / _x.Places % _y.Places);
        int image = row / _x.Places / _y.Places;
        return (((((image * _layout.Y.InputExtent) + y) * _layout.X.InputExtent) + x) * _layout.Inputs) + (_group * _layout.GroupInputs)
            + column;
    }

    public int AtBias(int column) => (_group * _layout.GroupInputs) + column;

    public Conv2dElement Find(int element)
    {
        int channel = element % _layout.Inputs;
        int left = element / _layout.Inputs;
        int x = left % _layout.X.InputExtent;
        left /= _layout.X.InputExtent;
        int y = left % _layout.Y.InputExtent;
        int image = left / _layout.Y.InputExtent;
        int phase = (y % _layout.Y.Stride * _layout.X.Stride) + (x % _layout.X.Stride);
        InputGradientProduct part = new(_layout, (phase * _layout.Groups) + (channel / _layout.GroupInputs));
        int row = (((image * part._y.Places) + (y / _layout.Y.Stride)) * part._x.Places) + (x / _layout.X.Stride);
        return new((phase * _layout.Groups) + (channel / _layout.GroupInputs), row, channel % _layout.GroupInputs);
    }
}
