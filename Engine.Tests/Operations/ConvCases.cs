using Engine.Kernels.Conv;
using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>
/// Convolutions and transposed ones: kernels of odd and even extents, strides that leave rows over, all kinds of padding, dilations with
/// and without a common divisor with the stride, groups down to one channel each, channels beside the tiles of the kernels.
/// </summary>
internal static class ConvCases
{
    private static readonly (Shape Images, int KernelHeight, int KernelWidth, int Outputs, Conv2dOptions Options)[] s_convolutions =
    [
        ([1, 1, 1, 1], 1, 1, 1, default),
        ([2, 4, 5, 3], 3, 3, 4, new(1, 1)),
        ([1, 5, 4, 2], 2, 3, 3, default),
        ([2, 5, 5, 1], 5, 5, 2, new(2, ConvPadding.Same)),
        ([1, 6, 6, 2], 4, 4, 3, new(2, 1)),
        ([1, 7, 6, 2], 3, 2, 2, new(3, ConvPadding.Same)),
        ([1, 5, 5, 3], 1, 1, 17, new(2)),
        ([1, 4, 4, 2], 1, 1, 3, new(3, ConvPadding.Same)),
        ([2, 3, 4, 2], 2, 2, 2, new(1, new Conv2dPadding(0, 2, 1, 0))),
        ([1, 7, 7, 2], 3, 3, 2, new(1, 2, dilation: 2)),
        ([1, 8, 7, 1], 3, 2, 2, new(2, ConvPadding.Same, dilation: 3)),
        ([1, 9, 6, 1], 3, 2, 1, new(4, 1, dilation: 2)),
        ([1, 4, 5, 6], 3, 3, 4, new(1, 1, groups: 2)),
        ([2, 4, 4, 3], 3, 3, 3, new(2, ConvPadding.Same, groups: 3)),
        ([1, 3, 3, 4], 2, 2, 8, new(1, 0, groups: 4)),
        ([1, 5, 3, 2], 3, 1, 2, new Conv2dOptions { StrideHeight = 2, DilationHeight = 2, Padding = new Conv2dPadding(1, 2, 0, 1) }),
        ([1, 3, 3, 17], 2, 2, 3, default),
        ([0, 4, 4, 2], 3, 3, 2, new(1, 1)),
        ([5, 13, 11, 6], 3, 3, 19, new(2, ConvPadding.Same)),
        ([9, 8, 8, 12], 4, 4, 6, new(1, ConvPadding.Same, groups: 3)),
    ];

    private static readonly (
        Shape Images, int KernelHeight, int KernelWidth, int Outputs, Conv2dOptions Options, (int Height, int Width) Added)[] s_transposed =
    [
        ([1, 1, 1, 1], 1, 1, 1, default, default),
        ([2, 3, 2, 2], 3, 3, 3, default, default),
        ([1, 3, 3, 3], 5, 5, 2, new(2, ConvPadding.Same), default),
        ([2, 3, 4, 2], 4, 4, 3, new(2, 1), default),
        ([1, 2, 3, 2], 3, 3, 2, new(2, 1), (1, 1)),
        ([1, 3, 2, 1], 3, 2, 2, new(3), (2, 0)),
        ([1, 4, 3, 2], 7, 7, 1, new(1, ConvPadding.Same), default),
        ([1, 3, 3, 2], 1, 1, 3, new(2, ConvPadding.Same), default),
        ([1, 3, 4, 2], 2, 3, 2, new(2, ConvPadding.Same, dilation: 2), default),
        ([1, 3, 3, 4], 3, 3, 6, new(2, 1, groups: 2), (1, 0)),
        ([2, 2, 3, 3], 2, 2, 3, new(1, new Conv2dPadding(0, 1, 1, 0), groups: 3), default),
        ([1, 2, 2, 1], 2, 2, 17, new Conv2dOptions { StrideWidth = 3, DilationHeight = 2 }, (0, 1)),
        ([0, 2, 2, 3], 2, 2, 2, new(2), default),
        ([6, 7, 7, 12], 5, 5, 7, new(2, ConvPadding.Same), default),
    ];

    private static readonly (Activation Activation, Func<double, double> Function)[] s_activations =
    [
        (Activation.None, s => s), (Activation.Relu, s => Math.Max(s, 0)), (Activation.LeakyRelu(0.25), s => s < 0 ? 0.25 * s : s),
        (Activation.Tanh, Math.Tanh), (Activation.Sigmoid, References.Sigmoid),
    ];

    /// <summary>Sequences: images of one row, to which the options apply across.</summary>
    private static readonly (Shape Sequences, int Kernel, int Outputs, Conv2dOptions Options)[] s_sequences =
    [
        ([1, 1, 1], 1, 1, default),
        ([2, 7, 3], 3, 4, new Conv2dOptions { Padding = new Conv2dPadding(0, 0, 1, 1) }),
        ([1, 9, 2], 4, 3, new Conv2dOptions { StrideWidth = 2, Padding = new Conv2dPadding(0, 0, 2, 0) }),
        ([2, 11, 4], 3, 6, new Conv2dOptions { DilationWidth = 3, Groups = 2, Padding = new Conv2dPadding(0, 0, 6, 0) }),
        ([0, 5, 2], 3, 2, default),
        ([3, 131, 17], 5, 19, new Conv2dOptions { Padding = new Conv2dPadding(0, 0, 2, 2) }),
    ];

    internal static IEnumerable<OperationCase> All()
    {
        for (int i = 0; i < s_sequences.Length; i++)
        {
            (Shape x, int kernel, int outputs, Conv2dOptions options) = s_sequences[i];
            yield return OfSequences(
                Case([x[0], 1, x[1], x[2]], 1, kernel, outputs, options, null, bias: i % 2 == 0, s_activations[i % 2]), options);
        }

        // Where nothing but padding is seen a sum is 0, the kink of half of the activations: those have a bias.
        for (int i = 0; i < s_convolutions.Length; i++)
        {
            (Shape images, int height, int width, int outputs, Conv2dOptions options) = s_convolutions[i];
            yield return Case(images, height, width, outputs, options, null, bias: i % 2 == 0, s_activations[0]);
            yield return Case(images, height, width, outputs, options, null, bias: i % 4 < 2, s_activations[1 + (i % 4)]);
        }

        for (int i = 0; i < s_transposed.Length; i++)
        {
            (Shape images, int height, int width, int outputs, Conv2dOptions options, (int, int) added) = s_transposed[i];
            yield return Case(images, height, width, outputs, options, added, bias: i % 2 == 0, s_activations[0]);
            yield return Case(images, height, width, outputs, options, added, bias: i % 4 < 2, s_activations[1 + (i % 4)]);
        }

        foreach (OperationCase masked in Masked()) yield return masked;
    }

    private static IEnumerable<OperationCase> Masked()
    {
        (Shape Images, int Height, int Width, int Outputs, ConvMask Mask, int Dilation)[] masked =
        [
            ([1, 3, 4, 2], 3, 3, 3, ConvMask.A, 1),
            ([2, 3, 3, 2], 3, 3, 2, ConvMask.B, 1),
            ([1, 4, 3, 1], 5, 3, 9, ConvMask.VerticalA, 1),
            ([1, 4, 3, 2], 3, 5, 2, ConvMask.VerticalB, 1),
            ([1, 2, 5, 2], 1, 5, 3, ConvMask.A, 1),
            ([1, 2, 5, 3], 1, 3, 1, ConvMask.B, 2),
            ([1, 4, 5, 2], 3, 3, 2, ConvMask.B, 2),
            ([1, 3, 3, 9], 3, 3, 9, ConvMask.B, 1),
            ([2, 2, 3, 3], 1, 1, 4, ConvMask.B, 1),
            ([9, 7, 8, 12], 5, 5, 9, ConvMask.A, 1),
        ];
        for (int i = 0; i < masked.Length; i++)
        {
            (Shape images, int height, int width, int outputs, ConvMask mask, int dilation) = masked[i];
            Conv2dOptions options = new(1, Conv2dPadding.Symmetric(height / 2 * dilation, width / 2 * dilation), dilation);
            yield return Case(images, height, width, outputs, options, null, bias: i % 2 == 0, s_activations[0], mask);
            yield return Case(images, height, width, outputs, options, null, bias: true, s_activations[1 + (i % 4)], mask);
        }
    }

    /// <summary>Whether a mask keeps a tap: by how far it is from the centre.</summary>
    private static bool Keeps(ConvMask mask, int down, int right) => down < 0 || (down == 0 && mask switch
    {
        ConvMask.A => right < 0,
        ConvMask.B => right <= 0,
        _ => mask == ConvMask.VerticalB,
    });

    private static OperationCase Case(
        Shape images, int kernelHeight, int kernelWidth, int outputs, Conv2dOptions options, (int Height, int Width)? added, bool bias,
        (Activation Activation, Func<double, double> Function) activated, ConvMask? mask = null)
    {
        bool transposed = added is not null;
        Axis y = new(images[1], kernelHeight, options.StrideHeight, options.DilationHeight, options.Padding, vertical: true, added?.Height);
        Axis x = new(images[2], kernelWidth, options.StrideWidth, options.DilationWidth, options.Padding, vertical: false, added?.Width);
        Shape output = [images[0], y.Outputs, x.Outputs, outputs];
        Shape weight = transposed
            ? [kernelHeight, kernelWidth, outputs / options.Groups, images[3]]
            : [kernelHeight, kernelWidth, images[3] / options.Groups, outputs];
        bool kinked = activated.Activation.Kind is ActivationKind.Relu or ActivationKind.LeakyRelu;
        Input[] arguments = [new(images, Any), new(weight, Between(-1, 1)), .. (Input[])(bias ? [new([outputs], Any)] : [])];
        return new OperationCase(
            transposed ? "Tensor.ConvTranspose2d" : mask is null ? "Tensor.Conv2d" : "Tensor.MaskedConv2d",
            $"{images} {weight} {(mask is null ? "" : $"mask {mask} ")}stride {options.StrideHeight} x {options.StrideWidth} padding "
            + $"{options.Padding} dilation {options.DilationHeight} x {options.DilationWidth} "
            + $"groups {options.Groups}{(added is null || added == default((int, int)) ? "" : $" output padding {added}")}"
            + $"{(bias ? " bias" : "")} {activated.Activation.Kind}",
            arguments,
            t => transposed
                ? t[0].ConvTranspose2d(t[1], bias ? t[2] : null, options, added!.Value, activated.Activation)
                : mask is { } of ? t[0].MaskedConv2d(t[1], bias ? t[2] : null, of, options.DilationHeight, activated.Activation)
                : t[0].Conv2d(t[1], bias ? t[2] : null, options, activated.Activation),
            v =>
            {
                Expected result = new(output.Count);
                Each(images, output, y, x, kernelHeight, kernelWidth, options.Groups, transposed, (source, tap, target, i, o) =>
                {
                    if (mask is { } kind && !Keeps(kind, tap[0] - (kernelHeight / 2), tap[1] - (kernelWidth / 2))) return;
                    int[] place = transposed ? [tap[0], tap[1], o % weight[2], i] : [tap[0], tap[1], i % weight[2], o];
                    result.Add(Places.At(output, target), v[0][Places.At(images, source)] * v[1][Places.At(weight, place)]);
                });
                for (int place = 0; place < output.Count; place++)
                {
                    if (bias) result.Add(place, v[2][place % outputs]);

                    // Differences must not step over the kink.
                    if (kinked && images.Count < 1000 && Math.Abs(result.Values[place]) < 2e-4)
                        throw new InvalidOperationException(
                            $"Element {place} of {images} is {result.Values[place]}, too near the kink: draw others.");

                    // No activation is steeper than 1: the terms of the sum, and the rounding of the value.
                    result.Values[place] = activated.Function(result.Values[place]);
                    result.Terms[place] += activated.Activation == Activation.None ? 0 : Math.Abs(result.Values[place]);
                }

                return result;
            },
            Terms((kernelHeight * kernelWidth * images[3] / options.Groups) + (bias ? 1 : 0))) { Kinks = kinked ? "x * W + b = 0" : "" };
    }

    /// <summary>The same case by the operation on sequences.</summary>
    private static OperationCase OfSequences(OperationCase image, Conv2dOptions options)
    {
        Shape x = image.Inputs[0].Shape, w = image.Inputs[1].Shape;
        bool bias = image.Inputs.Length > 2;
        Activation activation = image.Kinks == "" ? Activation.None : Activation.Relu;
        return image with
        {
            Operation = "Tensor.Conv1d",
            Inputs =
            [
                image.Inputs[0] with { Shape = [x[0], x[2], x[3]] }, image.Inputs[1] with { Shape = [w[1], w[2], w[3]] },
                .. image.Inputs[2..],
            ],
            Function = t => t[0].Conv1d(
                t[1], bias ? t[2] : null, options.StrideWidth, Sides(options.Padding), options.DilationWidth, options.Groups, activation),
        };

        (int, int) Sides(ConvPadding padding)
        {
            Conv2dPadding sides = padding.Of(1, x[2], 1, w[1], options);
            return (sides.Left, sides.Right);
        }
    }

    /// <summary>Every meeting of an element of the images with one of the result: their indices, the tap and both channels.</summary>
    private static void Each(
        Shape images, Shape output, Axis y, Axis x, int kernelHeight, int kernelWidth, int groups, bool transposed,
        Action<int[], int[], int[], int, int> meet)
    {
        for (int n = 0; n < images[0]; n++)
            for (int row = 0; row < images[1]; row++)
                for (int column = 0; column < images[2]; column++)
                    for (int ky = 0; ky < kernelHeight; ky++)
                        for (int kx = 0; kx < kernelWidth; kx++)
                            if (y.Meets(row, ky, out int toRow) && x.Meets(column, kx, out int toColumn))
                                for (int i = 0; i < images[3]; i++)
                                    for (int o = 0; o < output[3]; o++)
                                        if (i * groups / images[3] == o * groups / output[3])
                                            meet([n, row, column, i], [ky, kx], [n, toRow, toColumn, o], i, o);
    }

    /// <summary>A convolution, or with a number of added places a transposed one, along one axis.</summary>
    private sealed class Axis
    {
        private readonly int _stride, _dilation, _before;
        private readonly bool _transposed;

        internal Axis(int extent, int kernel, int stride, int dilation, ConvPadding padding, bool vertical, int? added)
        {
            (_stride, _dilation, _transposed) = (stride, dilation, added is not null);
            int span = (dilation * (kernel - 1)) + 1;
            if (padding.IsSame)
            {
                Outputs = _transposed ? extent * stride : (extent + stride - 1) / stride;
                int total = Math.Max(_transposed ? span - stride : ((Outputs - 1) * stride) + span - extent, 0);
                _before = total / 2;
                return;
            }

            int[] sides = Array.ConvertAll(padding.ToString().Split(' '), int.Parse);
            if (sides.Length == 1) sides = [sides[0], sides[0], sides[0], sides[0]];
            _before = vertical ? sides[0] : sides[2];
            int after = vertical ? sides[1] : sides[3];
            Outputs = _transposed ? ((extent - 1) * stride) - _before - after + span + added!.Value
                : ((extent + _before + after - span) / stride) + 1;
        }

        internal int Outputs { get; }

        /// <summary>Whether a place meets the result through a tap, and where.</summary>
        internal bool Meets(int place, int tap, out int output)
        {
            if (_transposed)
            {
                output = (place * _stride) + (tap * _dilation) - _before;
                return output >= 0 && output < Outputs;
            }

            int from = place - (tap * _dilation) + _before;
            output = from / _stride;
            return from >= 0 && from % _stride == 0 && output < Outputs;
        }
    }
}
