using Engine.Kernels.Gemm;

namespace Engine.Kernels.Conv;

/// <summary>
/// Two-dimensional transposed convolutions of NHWC images: what <see cref="Conv2d.InputGradient"/> computes, under its own name. The shape
/// is that of the convolution whose transpose it is; <see cref="Conv2dShape.OfTranspose"/> finds it. Its gradients are those of the
/// convolution with the roles exchanged: that of the argument is <see cref="Conv2d.Run"/>, that of the weight
/// <see cref="Conv2d.WeightGradient"/> with the gradient as input.
/// </summary>
public static class ConvTranspose2d
{
    private const string Operation = "ConvTranspose2d";

    /// <summary>
    /// output[n, y s + i d - p, x s + j d - p, c] = activation(sum of input[n, y, x, o] weight[i, j, c, o] + bias[c]), with strides s,
    /// dilations d and the padding p.
    /// </summary>
    /// <param name="input">[Batch, OutputHeight, OutputWidth, Outputs] of <paramref name="shape"/>; float or double.</param>
    /// <param name="weight">[KernelHeight, KernelWidth, Inputs / Groups, Outputs] of the shape: the channels of the result stand before
    /// those of the argument.</param>
    /// <param name="output">
    /// [Batch, Height, Width, Inputs] of the shape. It is written, and read too with <paramref name="accumulate"/>; it must be none of the
    /// others.
    /// </param>
    /// <param name="shape">The extents of the convolution whose transpose this is.</param>
    /// <param name="bias">[Inputs] of the shape; null adds nothing.</param>
    /// <param name="activation">The function that is applied last.</param>
    /// <param name="accumulate">Adds to what the output holds (before the activation) instead of replacing it.</param>
    /// <inheritdoc cref="Conv2d.Run" path="/exception"/>
    public static void Run(
        Storage input, Storage weight, Storage output, in Conv2dShape shape,
        Storage? bias = null, Activation activation = default, bool accumulate = false)
    {
        shape.Check(Operation);
        Conv2d.Transpose(Operation, ("input", input), weight, ("output", output), shape, bias, activation, accumulate);
    }
}
