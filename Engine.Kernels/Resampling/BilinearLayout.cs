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

/// <summary>
/// Linear interpolation along one axis. The centre of output o is at (o + 1/2) inputs / outputs - 1/2 among the centres of the inputs, held
/// within the first and the last: what PyTorch calls align_corners = false and TensorFlow half_pixel_centers. Places are whole numbers of
/// 1 / (2 outputs), so that nothing is rounded before the weights.
/// </summary>
internal readonly struct BilinearAxis(int inputs, int outputs)
{
    internal readonly int Inputs = inputs, Outputs = outputs;

    /// <summary>What places and weights are counted in: so many make one.</summary>
    internal int Unit => 2 * Outputs;

    /// <summary>The place of an output among the inputs, in units.</summary>
    internal int PlaceOf(int output)
    {
        int place = (((2 * output) + 1) * Inputs) - Outputs;
        int last = (Inputs - 1) * Unit;
        return place < 0 ? 0 : place > last ? last : place;
    }

    /// <summary>The weight of an input in an output, in units; 0 where it has none.</summary>
    internal int Weight(int output, int input)
    {
        int distance = PlaceOf(output) - (input * Unit);
        if (distance < 0) distance = -distance;
        return distance < Unit ? Unit - distance : 0;
    }

    /// <summary>The first input that has a weight in an output.</summary>
    internal int FirstInput(int output) => PlaceOf(output) / Unit;

    /// <summary>The input behind the last one that has a weight in an output.</summary>
    internal int EndInput(int output)
    {
        int place = PlaceOf(output);
        return (place / Unit) + (place % Unit == 0 ? 1 : 2);
    }

    /// <summary>The first output that an input may have a weight in.</summary>
    internal int FirstOutput(int input) => input == 0 ? 0 : FirstBeyond(input - 1);

    /// <summary>The output behind the last one that an input may have a weight in.</summary>
    internal int EndOutput(int input) => input >= Inputs - 1 ? Outputs : FirstBeyond(input + 1);

    /// <summary>The first output whose place is at or beyond an input.</summary>
    private int FirstBeyond(int input)
    {
        // (2 o + 1) inputs - outputs >= input unit; the left side grows with o.
        int needed = (input * Unit) + Outputs - Inputs;
        int first = needed <= 0 ? 0 : (needed + (2 * Inputs) - 1) / (2 * Inputs);
        return first < Outputs ? first : Outputs;
    }
}
