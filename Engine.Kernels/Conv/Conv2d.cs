using Engine.Kernels.Conv.Gpu;
using Engine.Kernels.Conv.Host;
using Engine.Kernels.Gemm;

namespace Engine.Kernels.Conv;

/// <summary>
/// Two-dimensional convolutions of NHWC images and their two gradients. On the host each element of a result is summed in an order that
/// depends only on the shape, so the number of threads changes no bit of it. In float32, shapes for which it pays are computed by
/// Winograd's F(4, 3), whose largest error is about ten times that of the direct form: up to 6e-5 of the root mean square of the result.
/// Its transforms mix the pixels of a tile: one that is not finite makes the whole tile so, and inputs beyond about 1e36 overflow.
/// <c>ENGINE_KERNEL=conv-host:1</c> takes the direct form everywhere. Masked taps (<see cref="Conv2dShape.MaskedTaps"/>) are left out of
/// all three products; a masked convolution itself is always direct, so that what the mask hides cannot reach an output even by rounding.
/// </summary>
public static class Conv2d
{
    internal const string Operation = "Conv2d";

    /// <summary>
    /// output[n, y, x, o] = activation(sum over i, j, c of input[n, y s + i d - p, x s + j d - p, c] weight[i, j, c, o] + bias[o]), with
    /// strides s, dilations d, the padding p before the image, and zeros outside it.
    /// </summary>
    /// <param name="input">[Batch, Height, Width, Inputs]; float or double.</param>
    /// <param name="weight">[KernelHeight, KernelWidth, Inputs / Groups, Outputs].</param>
    /// <param name="output">
    /// [Batch, OutputHeight, OutputWidth, Outputs]. It is written, and read too with <paramref name="accumulate"/>; it must be none of the
    /// others.
    /// </param>
    /// <param name="shape">The extents.</param>
    /// <param name="bias">[Outputs]; null adds nothing.</param>
    /// <param name="activation">The function that is applied last.</param>
    /// <param name="accumulate">Adds to what the output holds (before the activation) instead of replacing it.</param>
    /// <exception cref="ArgumentException">
    /// The shape is invalid (<see cref="Conv2dShape.Check"/>); or the storages are on different devices, hold different types or int,
    /// do not have the lengths that the shape requires, or the output is one of the others.
    /// </exception>
    /// <exception cref="ObjectDisposedException">A storage was released.</exception>
    public static void Run(
        Storage input, Storage weight, Storage output, in Conv2dShape shape,
        Storage? bias = null, Activation activation = default, bool accumulate = false)
    {
        shape.Check(Operation);
        Device device = ProductArguments.Check(
            Operation, shape, ("input", input, shape.LengthInput), ("weight", weight, shape.LengthWeight),
            ("output", output, shape.LengthOutput), bias, shape.Outputs, activation);
        if (shape.Batch == 0) return;
        if (device is CpuDevice cpu) LaneDispatch.OnHost(
            cpu, output.DType, new HostConv2d.Work(input, weight, output, shape, transposed: false, bias, activation, accumulate));
        else if (!device.IsMeasuring) GpuConv2d.Run((GpuDevice)device, input, weight, output, shape, bias, activation, accumulate);
    }

    /// <summary>
    /// The gradient of the input from that of the output:
    /// inputGradient[n, y s + i d - p, x s + j d - p, c] = sum of gradient[n, y, x, o] weight[i, j, c, o]. It is a transposed convolution,
    /// so it takes a bias and an activation too.
    /// </summary>
    /// <param name="gradient">[Batch, OutputHeight, OutputWidth, Outputs]; float or double.</param>
    /// <param name="weight">[KernelHeight, KernelWidth, Inputs / Groups, Outputs].</param>
    /// <param name="inputGradient">
    /// [Batch, Height, Width, Inputs]. It is written, and read too with <paramref name="accumulate"/>; it must be none of the others.
    /// </param>
    /// <param name="shape">The extents.</param>
    /// <param name="bias">[Inputs]; null adds nothing.</param>
    /// <param name="activation">The function that is applied last.</param>
    /// <param name="accumulate">Adds to what the input gradient holds (before the activation) instead of replacing it.</param>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static void InputGradient(
        Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape,
        Storage? bias = null, Activation activation = default, bool accumulate = false)
    {
        const string operation = $"{Operation}.{nameof(InputGradient)}";
        shape.Check(operation);
        Transpose(operation, ("gradient", gradient), weight, ("inputGradient", inputGradient), shape, bias, activation, accumulate);
    }

    /// <summary>
    /// The gradient of the weight: weightGradient[i, j, c, o] = sum over n, y, x of input[n, y s + i d - p, x s + j d - p, c] gradient[n,
    /// y, x, o].
    /// </summary>
    /// <param name="input">[Batch, Height, Width, Inputs]; float or double.</param>
    /// <param name="gradient">[Batch, OutputHeight, OutputWidth, Outputs].</param>
    /// <param name="weightGradient">
    /// [KernelHeight, KernelWidth, Inputs / Groups, Outputs]. It is written, and read too with <paramref name="accumulate"/>; it must be
    /// none of the others.
    /// </param>
    /// <param name="shape">The extents.</param>
    /// <param name="accumulate">Adds to what the weight gradient holds instead of replacing it.</param>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static void WeightGradient(
        Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate = false)
    {
        const string operation = $"{Operation}.{nameof(WeightGradient)}";
        shape.Check(operation);
        Device device = ProductArguments.Check(
            operation, shape, ("input", input, shape.LengthInput), ("gradient", gradient, shape.LengthOutput),
            ("weightGradient", weightGradient, shape.LengthWeight), null, 0, default);
        if (device is CpuDevice cpu)
            LaneDispatch.OnHost(cpu, input.DType, new HostWeightGradient.Work(input, gradient, weightGradient, shape, accumulate));
        else if (!device.IsMeasuring) GpuConv2d.WeightGradient((GpuDevice)device, input, gradient, weightGradient, shape, accumulate);
    }

    /// <summary>A transposed convolution under the names of its caller.</summary>
    internal static void Transpose(
        string operation, (string Name, Storage Storage) source, Storage weight, (string Name, Storage Storage) target,
        in Conv2dShape shape, Storage? bias, Activation activation, bool accumulate)
    {
        Device device = ProductArguments.Check(
            operation, shape, (source.Name, source.Storage, shape.LengthOutput), ("weight", weight, shape.LengthWeight),
            (target.Name, target.Storage, shape.LengthInput), bias, shape.Inputs, activation);
        if (shape.Batch == 0) return;
        if (device is CpuDevice cpu) LaneDispatch.OnHost(
            cpu, target.Storage.DType,
            new HostConv2d.Work(source.Storage, weight, target.Storage, shape, transposed: true, bias, activation, accumulate));
        else if (!device.IsMeasuring) GpuConv2d.InputGradient(
            (GpuDevice)device, source.Storage, weight, target.Storage, shape, bias, activation, accumulate);
    }
}
