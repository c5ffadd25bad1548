namespace Engine.Kernels.Conv.Gpu;

/// <summary>A convolution as its GPU kernels take it.</summary>
internal readonly struct Conv2dLayout
{
    internal readonly int Batch, Inputs, Outputs, Groups, GroupInputs, GroupOutputs;
    internal readonly Conv2dAxis Y, X;

    /// <summary>Taps that take part, the first in raster order, and those of the last row that do.</summary>
    internal readonly int Taps, LastTaps;

    internal Conv2dLayout(in Conv2dShape given)
    {
        Conv2dShape shape = given.Cropped;
        (Taps, LastTaps) = (shape.LiveTaps, shape.KernelWidth - shape.MaskedTaps);
        (Batch, Inputs, Outputs, Groups, GroupInputs, GroupOutputs) =
            (shape.Batch, shape.Inputs, shape.Outputs, shape.Groups, shape.GroupInputs, shape.GroupOutputs);
        Y = new(shape.Height, shape.OutputHeight, shape.KernelHeight, shape.StrideHeight, shape.Padding.Top, shape.DilationHeight);
        X = new(shape.Width, shape.OutputWidth, shape.KernelWidth, shape.StrideWidth, shape.Padding.Left, shape.DilationWidth);
    }
}
