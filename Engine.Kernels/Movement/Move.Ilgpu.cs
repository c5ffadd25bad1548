using Engine.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Movement;

public static partial class Move
{
    private static void RunIlgpu(GpuDevice device, Storage x, int xStart, Storage y, int yStart, in StridedCopy copy)
    {
        // Bits are moved, not numbers: float and int take the same way.
        if (x.DType.SizeInBytes() == 8) RunIlgpu<ulong>(device, x, xStart, y, yStart, copy);
        else RunIlgpu<uint>(device, x, xStart, y, yStart, copy);
    }

    private static void RunIlgpu<T>(GpuDevice device, Storage x, int xStart, Storage y, int yStart, in StridedCopy copy)
        where T : unmanaged
    {
        Action<Index1D, CopyWalk, ArrayView<T>, int, ArrayView<T>, int> kernel = CopyKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            copy.Count, new CopyWalk(copy), GpuStorage.ViewOf<T>(x), xStart, GpuStorage.ViewOf<T>(y), yStart);
    }

    /// <summary>One thread moves one element: neighbouring threads write neighbouring elements.</summary>
    private static void CopyKernel<T>(Index1D i, CopyWalk walk, ArrayView<T> x, int xStart, ArrayView<T> y, int yStart) where T : unmanaged
    {
        int left = i;
        int from = xStart, to = yStart;
        for (int axis = walk.Rank - 1; axis >= 0; axis--)
        {
            int place = axis == 0 ? left : left % walk.Extents[axis];
            if (axis > 0) left /= walk.Extents[axis];
            from += place * walk.From[axis];
            to += place * walk.To[axis];
        }

        y[to] = x[from];
    }

    private static void FillIlgpu(GpuDevice device, Storage y, double value)
    {
        switch (y.DType)
        {
            case DType.Float32: FillIlgpu(device, y, (float)value); break;
            case DType.Float64: FillIlgpu<double>(device, y, value); break;
            default: FillIlgpu(device, y, int.CreateSaturating(value)); break;
        }
    }

    private static void FillIlgpu<T>(GpuDevice device, Storage y, T value) where T : unmanaged
    {
        Action<Index1D, ArrayView<T>, T> kernel = FillKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, GpuStorage.ViewOf<T>(y), value);
    }

    private static void FillKernel<T>(Index1D i, ArrayView<T> y, T value) where T : unmanaged => y[i] = value;

    private static void ConvertIlgpu(GpuDevice device, Storage x, Storage y)
    {
        switch (x.DType, y.DType)
        {
            case (DType.Float32, DType.Float64): ConvertIlgpu<float, double, FloatToDouble>(device, x, y); break;
            case (DType.Float32, _): ConvertIlgpu<float, int, FloatToInt>(device, x, y); break;
            case (DType.Float64, DType.Float32): ConvertIlgpu<double, float, DoubleToFloat>(device, x, y); break;
            case (DType.Float64, _): ConvertIlgpu<double, int, DoubleToInt>(device, x, y); break;
            case (_, DType.Float32): ConvertIlgpu<int, float, IntToFloat>(device, x, y); break;
            default: ConvertIlgpu<int, double, IntToDouble>(device, x, y); break;
        }
    }

    private static void ConvertIlgpu<TFrom, TTo, TConversion>(GpuDevice device, Storage x, Storage y)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConversion : struct, IConversion<TFrom, TTo>
    {
        Action<Index1D, ArrayView<TFrom>, ArrayView<TTo>> kernel = ConvertKernel<TFrom, TTo, TConversion>;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, GpuStorage.ViewOf<TFrom>(x), GpuStorage.ViewOf<TTo>(y));
    }

    private static void ConvertKernel<TFrom, TTo, TConversion>(Index1D i, ArrayView<TFrom> x, ArrayView<TTo> y)
        where TFrom : unmanaged
        where TTo : unmanaged
        where TConversion : struct, IConversion<TFrom, TTo> => y[i] = TConversion.Of(x[i]);
}
