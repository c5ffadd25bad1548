namespace Engine.Kernels;

public static partial class Conv2d
{
    private static void RunOnIlgpu(
        IlgpuDevice device, Storage input, Storage weight, Storage output, in Conv2dShape shape, Storage? bias, Activation activation, bool accumulate) =>
        throw Missing(device, shape);

    private static void InputGradientOnIlgpu(
        IlgpuDevice device, Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape, Storage? bias, Activation activation, bool accumulate) =>
        throw Missing(device, shape);

    private static void WeightGradientOnIlgpu(
        IlgpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate) =>
        throw Missing(device, shape);

    private static DeviceException Missing(IlgpuDevice device, in Conv2dShape shape) =>
        new($"{Operation}: device '{device.Name}' has no convolution yet: {shape}.");
}
