using System.Runtime.Intrinsics;
using Engine.Kernels.Conv.Host;
using Engine.Kernels.Devices;
using Engine.Kernels.Gemm;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv;

public static unsafe partial class Conv2d
{
    private static void RunOnHost(
        CpuDevice device, Storage input, Storage weight, Storage output, in Conv2dShape shape, Storage? bias, Activation activation,
        bool accumulate) =>
        Products(device, input, weight, output, shape, transposed: false, bias, activation, accumulate);

    private static void InputGradientOnHost(
        CpuDevice device, Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape, Storage? bias,
        Activation activation, bool accumulate) =>
        Products(device, gradient, weight, inputGradient, shape, transposed: true, bias, activation, accumulate);

    private static void Products(
        CpuDevice device, Storage source, Storage weight, Storage target, in Conv2dShape shape, bool transposed, Storage? bias,
        Activation activation, bool accumulate)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (target.DType == DType.Float32 && wide) RunOnHost<Float512, float>(
            device, source, weight, target, shape, transposed, bias, activation, accumulate);
        else if (target.DType == DType.Float32) RunOnHost<Float256, float>(
            device, source, weight, target, shape, transposed, bias, activation, accumulate);
        else if (wide) RunOnHost<Double512, double>(device, source, weight, target, shape, transposed, bias, activation, accumulate);
        else RunOnHost<Double256, double>(device, source, weight, target, shape, transposed, bias, activation, accumulate);
    }

    /// <summary>A convolution or its transpose on a chosen kind of vector: the result does not depend on which.</summary>
    internal static void RunOnHost<TV, T>(
        CpuDevice device, Storage source, Storage weight, Storage target, in Conv2dShape shape, bool transposed, Storage? bias,
        Activation activation, bool accumulate,
        ConvForm form = ConvForm.ByShape)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged =>
        HostConvolution<TV, T>.Run(
            device, source.Pointer<T>(), weight.Pointer<T>(), target.Pointer<T>(), shape, transposed,
            bias is null ? null : bias.Pointer<T>(), activation, accumulate, form);

    private static void WeightGradientOnHost(
        CpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (input.DType == DType.Float32 && wide) WeightGradientOnHost<Float512, float>(
            device, input, gradient, weightGradient, shape, accumulate);
        else if (input.DType == DType.Float32) WeightGradientOnHost<Float256, float>(
            device, input, gradient, weightGradient, shape, accumulate);
        else if (wide) WeightGradientOnHost<Double512, double>(device, input, gradient, weightGradient, shape, accumulate);
        else WeightGradientOnHost<Double256, double>(device, input, gradient, weightGradient, shape, accumulate);
    }

    /// <summary>The gradient of the weight on a chosen kind of vector: the result does not depend on which.</summary>
    internal static void WeightGradientOnHost<TV, T>(
        CpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate,
        ConvForm form = ConvForm.ByShape)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged =>
        HostWeightGradient<TV, T>.Run(
            device, input.Pointer<T>(), gradient.Pointer<T>(), weightGradient.Pointer<T>(), shape, accumulate, form);
}
