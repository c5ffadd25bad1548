using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Gemm;

namespace Engine.Autograd;

// Convolutions of images [batch, height, width, channels]. y = x * w, its transpose x' = g *' w and the weight gradient w' = <x, g> are
// each other's derivatives, so that their rules are these three operations and every order of derivative is there.
public partial class Tensor
{
    /// <summary>
    /// A convolution (cross-correlation) in one kernel: y = activation(x * W + b), the bias and the activation applied while the sums are
    /// still in registers. No matrix of patches is made.
    /// </summary>
    /// <param name="weight">W: [kernel height, kernel width, inputs / groups, outputs].</param>
    /// <param name="bias">b: [outputs]; null adds nothing.</param>
    /// <param name="options">Strides, padding, dilations, groups.</param>
    /// <param name="activation">The function that is applied last.</param>
    /// <returns>
    /// [batch, output height, output width, outputs] for this of [batch, height, width, inputs]; an output extent is
    /// floor((extent + padding - dilation (kernel - 1) - 1) / stride) + 1, with "same" padding ceil(extent / stride).
    /// </returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or the types differ.</exception>
    public Tensor Conv2d(Tensor weight, Tensor? bias = null, Conv2dOptions options = default, Activation activation = default)
    {
        (Shape x, Shape w) = (Shape, weight.Shape);
        if (x.Rank != 4 || w.Rank != 4 || Math.Min(x[1], x[2]) < 1 || w.Count < 1 || x[3] != (long)w[2] * options.Groups
            || (bias is not null && bias.Shape != new Shape(w[3])))
        {
            throw Unfit(
                nameof(Conv2d), weight, bias, options,
                "expected images [batch, height, width, inputs], a weight [kernel height, kernel width, inputs / groups, outputs] and a "
                + "bias [outputs]");
        }

        CheckConvolution(nameof(Conv2d), weight, bias, activation);
        Conv2dPadding padding = options.Padding.Of(x[1], x[2], w[0], w[1], options);
        Conv2dShape shape = new(
            x[0], x[1], x[2], x[3], w[3], w[0], w[1], options.StrideHeight, options.StrideWidth, padding, options.DilationHeight,
            options.DilationWidth, options.Groups);
        shape.Check(nameof(Conv2d));
        return Convolved(nameof(Conv2d), this, weight, bias, shape, activation);
    }

    /// <summary>
    /// A convolution (cross-correlation) of sequences: y = activation(x * W + b), as <see cref="Conv2d"/> of images of one row.
    /// </summary>
    /// <param name="weight">W: [kernel, inputs / groups, outputs].</param>
    /// <param name="bias">b: [outputs]; null adds nothing.</param>
    /// <param name="stride">Places of the sequence from one output to the next; at least 1.</param>
    /// <param name="padding">Zeros before and after the sequence.</param>
    /// <param name="dilation">Places of the sequence from one tap of the kernel to the next; at least 1.</param>
    /// <param name="groups">Parts into which both kinds of channels are divided; at least 1.</param>
    /// <param name="activation">The function that is applied last.</param>
    /// <returns>[batch, output length, outputs] for this of [batch, length, inputs], with an output length of
    /// floor((length + before + after - dilation (kernel - 1) - 1) / stride) + 1.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or the types differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A stride, a dilation or the number of groups is less than 1.</exception>
    public Tensor Conv1d(
        Tensor weight, Tensor? bias = null, int stride = 1, (int Before, int After) padding = default, int dilation = 1, int groups = 1,
        Activation activation = default)
    {
        (Shape x, Shape w) = (Shape, weight.Shape);
        if (x.Rank != 3 || w.Rank != 3 || x[1] < 1 || w.Count < 1 || x[2] != (long)w[1] * groups
            || (bias is not null && bias.Shape != new Shape(w[2]))) throw new ArgumentException(
                "Conv1d: expected sequences [batch, length, inputs], a weight [kernel, inputs / groups, outputs] and a bias [outputs], "
                + $"found {x}, {w} and {bias?.Shape.ToString() ?? "no bias"} with {groups} group{(groups == 1 ? "" : "s")}.");
        if (stride < 1 || dilation < 1 || groups < 1) throw new ArgumentOutOfRangeException(
            null, $"Conv1d: the stride, the dilation and the number of groups must be at least 1, found {stride}, {dilation} and "
                + $"{groups}.");
        if (padding.Before < 0 || padding.After < 0) throw new ArgumentException(
            $"Conv1d: the padding must not be negative, found {padding.Before} and {padding.After}.");
        CheckActivation(nameof(Conv1d), activation);
        Autograd.Tape.OpenFloating(nameof(Conv1d), this, weight, bias);
        long span = ((long)dilation * (w[0] - 1)) + 1;
        if (span > x[1] + (long)padding.Before + padding.After) throw new ArgumentException(
            $"Conv1d: the kernel must fit into the padded sequence, found {w[0]} taps with a dilation of {dilation} and {x[1]} places with "
            + $"a padding of {padding.Before} and {padding.After}.");
        Conv2dShape shape = new(
            x[0], 1, x[1], x[2], w[2], 1, w[0], 1, stride, new Conv2dPadding(0, 0, padding.Before, padding.After), 1, dilation, groups);
        shape.Check(nameof(Conv1d));
        Tensor rows = Reshape(x[0], 1, x[1], x[2]);
        Tensor y = Convolved(nameof(Conv1d), rows, weight.Reshape(1, w[0], w[1], w[2]), bias, shape, activation);
        return y.Reshape(y.Shape[0], y.Shape[2], y.Shape[3]);
    }

    /// <summary>
    /// A transposed convolution in one kernel, the gradient of the input of <see cref="Conv2d"/>: y = activation(x *' W + b). With a stride
    /// of 2 it doubles the images' size.
    /// </summary>
    /// <param name="weight">W: [kernel height, kernel width, outputs / groups, inputs], that of the convolution whose transpose this
    /// is.</param>
    /// <param name="bias">b: [outputs]; null adds nothing.</param>
    /// <param name="options">Strides, padding, dilations, groups. Padding is what is cut off the result.</param>
    /// <param name="outputPadding">
    /// Rows and columns that are added below and to the right, fewer than the stride: a convolution with a stride does not see all of its
    /// image. With "same" padding there is none.
    /// </param>
    /// <param name="activation">The function that is applied last.</param>
    /// <returns>
    /// [batch, output height, output width, outputs] for this of [batch, height, width, inputs]; an output extent is
    /// (extent - 1) stride - padding + dilation (kernel - 1) + 1 + output padding, with "same" padding extent * stride.
    /// </returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or the types differ.</exception>
    public Tensor ConvTranspose2d(
        Tensor weight, Tensor? bias = null, Conv2dOptions options = default, (int Height, int Width) outputPadding = default,
        Activation activation = default)
    {
        (Shape x, Shape w) = (Shape, weight.Shape);
        if (x.Rank != 4 || w.Rank != 4 || Math.Min(x[1], x[2]) < 1 || w.Count < 1 || x[3] != w[3]
            || (long)w[2] * options.Groups > int.MaxValue || (bias is not null && bias.Shape != new Shape(w[2] * options.Groups)))
        {
            throw Unfit(
                nameof(ConvTranspose2d), weight, bias, options,
                "expected images [batch, height, width, inputs], a weight [kernel height, kernel width, outputs / groups, inputs] and a "
                + "bias [outputs]");
        }

        CheckConvolution(nameof(ConvTranspose2d), weight, bias, activation);
        return Transposed(this, weight, bias, TransposeShape(x, w, options, outputPadding), activation);
    }

    /// <summary>The convolution whose transpose is wanted.</summary>
    private static Conv2dShape TransposeShape(Shape x, Shape w, in Conv2dOptions options, (int Height, int Width) outputPadding)
    {
        int outputs = w[2] * options.Groups;
        if (!options.Padding.IsSame)
        {
            return Conv2dShape.OfTranspose(
                x[0], x[1], x[2], x[3], outputs, w[0], w[1], options.StrideHeight, options.StrideWidth,
                options.Padding.Of(0, 0, w[0], w[1], options),
                outputPadding.Height, outputPadding.Width, options.DilationHeight, options.DilationWidth, options.Groups);
        }

        if (outputPadding != default) throw new ArgumentException(
            $"ConvTranspose2d: with same padding there is no output padding, found {outputPadding}.");

        // The "same" convolution that leads from extent * stride to extent.
        (long height, long width) = ((long)x[1] * options.StrideHeight, (long)x[2] * options.StrideWidth);
        if (Math.Max(height, width) > int.MaxValue) throw new ArgumentException(
            $"ConvTranspose2d: expected a result of at most {int.MaxValue} elements, found {height} x {width}.");
        Conv2dShape shape = new(
            x[0], (int)height, (int)width, outputs, x[3], w[0], w[1], options.StrideHeight, options.StrideWidth,
            options.Padding.Of((int)height, (int)width, w[0], w[1], options),
            options.DilationHeight, options.DilationWidth, options.Groups);
        shape.Check(nameof(ConvTranspose2d));
        return shape;
    }

    private static Tensor Convolved(
        string operation, Tensor x, Tensor weight, Tensor? bias, Conv2dShape shape, Activation activation = default)
    {
        Tape tape = Autograd.Tape.OpenFloating(operation, x, weight, bias);
        Tensor y = tape.NewTensor([shape.Batch, shape.OutputHeight, shape.OutputWidth, shape.Outputs], x.DType);
        Kernels.Conv.Conv2d.Run(x.Storage, weight.Storage, y.Storage, shape, bias?.Storage, activation);
        return Activated(operation, tape, y, activation, bias,
            new Rule(x, g => Transposed(g, weight, null, shape),
                (g, total) => Kernels.Conv.Conv2d.InputGradient(g.Storage, weight.Storage, total.Storage, shape, accumulate: true)),
            new Rule(weight, g => Correlated(x, g, shape),
                (g, total) => Kernels.Conv.Conv2d.WeightGradient(x.Storage, g.Storage, total.Storage, shape, accumulate: true)),
            shape with { Batch = 0 });
    }

    private static Tensor Transposed(Tensor x, Tensor weight, Tensor? bias, Conv2dShape shape, Activation activation = default)
    {
        Tape tape = Autograd.Tape.OpenFloating(nameof(ConvTranspose2d), x, weight, bias);
        Tensor y = tape.NewTensor([shape.Batch, shape.Height, shape.Width, shape.Inputs], x.DType);
        Kernels.Conv.ConvTranspose2d.Run(x.Storage, weight.Storage, y.Storage, shape, bias?.Storage, activation);
        return Activated(nameof(ConvTranspose2d), tape, y, activation, bias,
            new Rule(x, g => Convolved(nameof(Conv2d), g, weight, null, shape),
                (g, total) => Kernels.Conv.Conv2d.Run(g.Storage, weight.Storage, total.Storage, shape, accumulate: true)),
            new Rule(weight, g => Correlated(g, x, shape),
                (g, total) => Kernels.Conv.Conv2d.WeightGradient(g.Storage, x.Storage, total.Storage, shape, accumulate: true)),
            shape with { Batch = 0 });
    }

    /// <summary>
    /// The gradient of the weight: for each tap, the product of the images that it sees with the output's gradient, summed over all places.
    /// </summary>
    private static Tensor Correlated(Tensor x, Tensor g, Conv2dShape shape)
    {
        Tape tape = Autograd.Tape.Open("Conv2d weight gradient");
        Tensor weight = tape.NewTensor([shape.KernelHeight, shape.KernelWidth, shape.GroupInputs, shape.Outputs], x.DType);
        Kernels.Conv.Conv2d.WeightGradient(x.Storage, g.Storage, weight.Storage, shape);
        return tape.Record("Conv2d weight gradient", weight, new Rule(x, h => Transposed(g, h, null, shape)),
            new Rule(g, h => Convolved(nameof(Conv2d), x, h, null, shape)));
    }

    private void CheckConvolution(string operation, Tensor weight, Tensor? bias, Activation activation)
    {
        CheckActivation(operation, activation);
        Autograd.Tape.OpenFloating(operation, this, weight, bias);
    }

    private ArgumentException Unfit(string operation, Tensor weight, Tensor? bias, in Conv2dOptions options, string expected) => new(
        $"{operation}: {expected}, found {Shape}, {weight.Shape} and {bias?.Shape.ToString() ?? "no bias"} with {options.Groups} "
        + $"group{(options.Groups == 1 ? "" : "s")}.");
}
