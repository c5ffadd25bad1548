using Engine.Autograd;
using Engine.Autograd.Tracing;
using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Gemm;
using Engine.Kernels.Pool;

namespace Engine.Models.Onnx;

// Operations of images, whose channels come first in ONNX.
internal sealed partial class OnnxTranslation
{
    private static readonly int[] s_toChannelsFirst = [0, 3, 1, 2], s_toChannelsLast = [0, 2, 3, 1];

    private Func<OnnxStep, string>? OfImages(TracedOperation operation) => operation.Name switch
    {
        nameof(Tensor.Conv2d) or nameof(Tensor.Conv1d) or nameof(Tensor.MaskedConv2d) => step => Convolution(step, "Conv"),
        nameof(Tensor.ConvTranspose2d) => step => Convolution(step, "ConvTranspose"),
        nameof(Tensor.MaxPool2d) => step => Pool(step, "MaxPool", step.Details<PoolWindow>()),
        nameof(Tensor.AvgPool2d) => AveragePool,
        nameof(Tensor.UpsampleNearest2d) => step => Resized(
            step, ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor")),
        nameof(Tensor.UpsampleBilinear2d) => step => Resized(step, ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel")),
        _ => null,
    };

    /// <summary>A value of four axes with its channels first.</summary>
    private string ChannelsFirst(string x) => _channelsFirst.TryGetValue(x, out string? known) ? known
        : _channelsFirst[x] = _graph.Node("Transpose", [x], ("perm", s_toChannelsFirst));

    /// <summary>A value whose channels are first, with its channels last; the other form is remembered.</summary>
    private string ChannelsLast(string channelsFirst)
    {
        string x = _graph.Node("Transpose", [channelsFirst], ("perm", s_toChannelsLast));
        _channelsFirst[x] = channelsFirst;
        return x;
    }

    private string Convolution(OnnxStep step, string type)
    {
        (object? of, Activation activation) = step.Details<(object?, Activation)>();
        Conv2dShape shape = (Conv2dShape)of!;
        Conv2dPadding pad = shape.Padding;
        List<(string, object)> attributes =
        [
            ("kernel_shape", (int[])[shape.KernelHeight, shape.KernelWidth]),
            ("strides", (int[])[shape.StrideHeight, shape.StrideWidth]),
            ("dilations", (int[])[shape.DilationHeight, shape.DilationWidth]),
            ("pads", (int[])[pad.Top, pad.Left, pad.Bottom, pad.Right]),
            ("group", shape.Groups),
        ];

        // A transposed convolution has the shape of the convolution that it is the transpose of, which may leave rows and columns unseen.
        if (type == "ConvTranspose") attributes.Add(("output_padding", (int[])
        [
            shape.Height + pad.Top + pad.Bottom - ((shape.OutputHeight - 1) * shape.StrideHeight)
                - (shape.DilationHeight * (shape.KernelHeight - 1)) - 1,
            shape.Width + pad.Left + pad.Right - ((shape.OutputWidth - 1) * shape.StrideWidth)
                - (shape.DilationWidth * (shape.KernelWidth - 1)) - 1,
        ]));
        string[] inputs = [ChannelsFirst(In(step)), Kernel(step, shape), .. step.Has(2) ? [In(step, 2)] : Array.Empty<string>()];
        return ChannelsLast(Activated(_graph.Node(type, inputs, [.. attributes]), activation));
    }

    /// <summary>
    /// A weight [kernel height, kernel width, inputs, outputs] as ONNX has it, [outputs, inputs, kernel height, kernel width], with zeros
    /// for the taps that take no part.
    /// </summary>
    private string Kernel(OnnxStep step, Conv2dShape shape)
    {
        Tensor weight = step.First.Inputs[1]!;
        int taps = shape.KernelHeight * shape.KernelWidth, inputs = weight.Shape[2], outputs = weight.Shape[3];
        if (first.Trace.Depends(weight))
        {
            if (shape.MaskedTaps > 0) throw new OnnxException("MaskedConv2d has no ONNX form with a weight that depends on an input.");
            return _graph.Node("Transpose", [In(step, 1)], ("perm", (int[])[3, 2, 0, 1]));
        }

        double[] values = weight.ToDoubles(), turned = new double[values.Length];
        for (int tap = 0; tap < shape.LiveTaps; tap++)
            for (int i = 0; i < inputs; i++)
                for (int o = 0; o < outputs; o++)
                    turned[(((o * inputs) + i) * taps) + tap] = values[(((tap * inputs) + i) * outputs) + o];
        string name = (weight as Autograd.Nn.Parameter)?.FullName ?? "weight";
        return Constant(name, weight.DType, [outputs, inputs, shape.KernelHeight, shape.KernelWidth], turned);
    }

    private string AveragePool(OnnxStep step)
    {
        (PoolWindow window, bool countPadding) = step.Details<(PoolWindow, bool)>();
        return Pool(step, "AveragePool", window, ("count_include_pad", countPadding));
    }

    private string Pool(OnnxStep step, string type, PoolWindow window, params (string, object)[] attributes)
    {
        Conv2dPadding pad = window.Padding;
        return ChannelsLast(_graph.Node(
            type, [ChannelsFirst(In(step))],
            [
                ("kernel_shape", (int[])[window.Height, window.Width]), ("strides", (int[])[window.StrideHeight, window.StrideWidth]),
                ("pads", (int[])[pad.Top, pad.Left, pad.Bottom, pad.Right]), .. attributes,
            ]));
    }

    private string Resized(OnnxStep step, params (string, object)[] attributes)
    {
        Shape size = Turned(step.Y.Shape), other = Turned(step.Second.Outputs[0].Shape);
        return ChannelsLast(_graph.Node("Resize", [ChannelsFirst(In(step)), "", "", ShapeOf(size, other)], attributes));

        static Shape Turned(Shape shape) => [shape[0], shape[3], shape[1], shape[2]];
    }
}
