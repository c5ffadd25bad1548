using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Gemm;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>
    /// A convolution of stride 1 that, as a rule, keeps the size of its images and sees only what comes before a pixel: y = activation(x *
    /// W + b) over the taps that the mask keeps. The others take no part in the convolution or in its gradients: their weights are never
    /// read, and the gradients of those are 0. No output changes by a bit when a pixel changes that the mask hides from it.
    /// </summary>
    /// <param name="weight">W: [kernel height, kernel width, inputs, outputs], both kernel extents odd; masked taps have a place too, as
    /// other frameworks write them.</param>
    /// <param name="bias">b: [outputs]; null adds nothing.</param>
    /// <param name="mask">Which taps are kept.</param>
    /// <param name="dilation">Places of the image from one tap to the next; at least 1.</param>
    /// <param name="activation">The function that is applied last.</param>
    /// <param name="padding">Zeros around the images; null takes as many as keep their size.</param>
    /// <returns>[batch, height, width, outputs] for this of [batch, height, width, inputs].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, the kernel has no centre, the mask leaves no tap of it, or the types
    /// differ.</exception>
    public Tensor MaskedConv2d(
        Tensor weight, Tensor? bias, ConvMask mask, int dilation = 1, Activation activation = default, Conv2dPadding? padding = null)
    {
        const string operation = nameof(MaskedConv2d);
        ArgumentNullException.ThrowIfNull(weight);
        (Shape x, Shape w) = (Shape, weight.Shape);
        if (x.Rank != 4 || w.Rank != 4 || Math.Min(x[1], x[2]) < 1 || w.Count < 1 || x[3] != w[2]
            || (bias is not null && bias.Shape != new Shape(w[3])))
        {
            throw new ArgumentException(
                $"{operation}: expected images [batch, height, width, inputs], a weight [kernel height, kernel width, inputs, outputs] and "
                + $"a bias [outputs], found {x}, {w} and {bias?.Shape.ToString() ?? "no bias"}.");
        }

        CheckConvolution(operation, weight, bias, activation);
        if (dilation < 1) throw new ArgumentOutOfRangeException(
            nameof(dilation), dilation, $"{operation}: the dilation must be at least 1, found {dilation}.");
        int taps = LiveTaps(operation, mask, w[0], w[1]);
        if ((long)Math.Max(w[0], w[1]) / 2 * dilation > int.MaxValue) throw new ArgumentOutOfRangeException(
            nameof(dilation), dilation, $"{operation}: expected a kernel that spans at most {int.MaxValue} places, found {w[0]} x {w[1]} "
                + $"taps with a dilation of {dilation}.");
        Conv2dPadding around = padding ?? Conv2dPadding.Symmetric(w[0] / 2 * dilation, w[1] / 2 * dilation);
        Conv2dShape shape = new(
            x[0], x[1], x[2], x[3], w[3], w[0], w[1], Padding: around, DilationHeight: dilation, DilationWidth: dilation) {
                MaskedTaps = (w[0] * w[1]) - taps };
        shape.Check(operation);
        return Convolved(operation, this, weight, bias, shape, activation);
    }

    /// <summary>How many taps a mask leaves of a kernel, the first in raster order.</summary>
    internal static int LiveTaps(string operation, ConvMask mask, int kernelHeight, int kernelWidth)
    {
        if (kernelHeight % 2 == 0 || kernelWidth % 2 == 0 || kernelHeight < 1 || kernelWidth < 1)
            throw new ArgumentException(
                $"{operation}: a mask needs a kernel with a centre, of odd height and width, found {kernelHeight} x {kernelWidth}.");
        int above = kernelHeight / 2 * kernelWidth;
        int taps = mask switch
        {
            ConvMask.A => above + (kernelWidth / 2),
            ConvMask.B => above + (kernelWidth / 2) + 1,
            ConvMask.VerticalA => above,
            ConvMask.VerticalB => above + kernelWidth,
            _ => throw new ArgumentException($"{operation}: expected a mask, found {mask}."),
        };
        return taps > 0 ? taps : throw new ArgumentException(
            $"{operation}: expected a mask that leaves a tap, found {mask} for a kernel of {kernelHeight} x {kernelWidth}.");
    }
}
