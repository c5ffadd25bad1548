namespace Engine.Kernels.Resampling;

/// <summary>
/// An interpolation, or its transpose, as its kernels take it: which places of the source, from First to End, go into a place of the
/// target, and with what weight.
/// </summary>
internal readonly struct BilinearLayout
{
    internal readonly int Batch, Channels, SourceHeight, SourceWidth, TargetHeight, TargetWidth;

    /// <summary>What a product of weights of both axes is counted in, as a number: one over the units of both.</summary>
    internal readonly double Scale;

    private readonly BilinearAxis _y, _x;
    private readonly int _transposed;

    internal BilinearLayout(in ResampleShape shape, bool transposed)
    {
        _y = new(shape.Height, shape.OutputHeight);
        _x = new(shape.Width, shape.OutputWidth);
        _transposed = transposed ? 1 : 0;
        (Batch, Channels) = (shape.Batch, shape.Channels);
        (SourceHeight, SourceWidth) = transposed ? (shape.OutputHeight, shape.OutputWidth) : (shape.Height, shape.Width);
        (TargetHeight, TargetWidth) = transposed ? (shape.Height, shape.Width) : (shape.OutputHeight, shape.OutputWidth);
        Scale = 1.0 / ((double)_y.Unit * _x.Unit);
    }

    internal int FirstY(int target) => _transposed != 0 ? _y.FirstOutput(target) : _y.FirstInput(target);

    internal int EndY(int target) => _transposed != 0 ? _y.EndOutput(target) : _y.EndInput(target);

    internal int FirstX(int target) => _transposed != 0 ? _x.FirstOutput(target) : _x.FirstInput(target);

    internal int EndX(int target) => _transposed != 0 ? _x.EndOutput(target) : _x.EndInput(target);

    internal int WeightY(int target, int source) => _transposed != 0 ? _y.Weight(source, target) : _y.Weight(target, source);

    internal int WeightX(int target, int source) => _transposed != 0 ? _x.Weight(source, target) : _x.Weight(target, source);
}
