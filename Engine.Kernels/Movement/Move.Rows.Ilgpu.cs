using System.Numerics;
using Engine.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Movement;

public static partial class Move
{
    private static void GatherIlgpu(GpuDevice device, Storage x, int width, Storage indices, Storage y)
    {
        if (x.DType.SizeInBytes() == 8) GatherIlgpu<ulong>(device, x, width, indices, y);
        else GatherIlgpu<uint>(device, x, width, indices, y);
    }

    private static void GatherIlgpu<T>(GpuDevice device, Storage x, int width, Storage indices, Storage y) where T : unmanaged
    {
        Action<Index1D, ArrayView<T>, int, ArrayView<int>, ArrayView<T>> kernel = GatherKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, GpuStorage.ViewOf<T>(x), width, GpuStorage.ViewOf<int>(indices), GpuStorage.ViewOf<T>(y));
    }

    /// <summary>One thread fetches one element.</summary>
    private static void GatherKernel<T>(Index1D i, ArrayView<T> x, int width, ArrayView<int> indices, ArrayView<T> y) where T : unmanaged =>
        y[i] = x[(indices[i / width] * width) + (i % width)];

    private static void ScatterAddIlgpu(GpuDevice device, Storage g, Storage indices, Storage y, int width)
    {
        switch (g.DType)
        {
            case DType.Float32: ScatterAddIlgpu<float>(device, g, indices, y, width); break;
            case DType.Float64: ScatterAddIlgpu<double>(device, g, indices, y, width); break;
            default: ScatterAddIlgpu<int>(device, g, indices, y, width); break;
        }
    }

    private static void ScatterAddIlgpu<T>(GpuDevice device, Storage g, Storage indices, Storage y, int width)
        where T : unmanaged, IAdditionOperators<T, T, T>
    {
        Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, int> kernel = ScatterAddKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            y.Length, GpuStorage.ViewOf<T>(g), GpuStorage.ViewOf<int>(indices), GpuStorage.ViewOf<T>(y), width);
    }

    /// <summary>
    /// One thread owns one element of the table and walks over all indices, so that what is added to it comes in rising order: atomic
    /// additions would be faster for large tables, and round differently from run to run.
    /// </summary>
    private static void ScatterAddKernel<T>(Index1D i, ArrayView<T> g, ArrayView<int> indices, ArrayView<T> y, int width)
        where T : unmanaged, IAdditionOperators<T, T, T>
    {
        int row = i / width;
        int column = i % width;
        int count = indices.IntLength;
        T sum = y[i];
        for (int k = 0; k < count; k++)
        {
            if (indices[k] == row) sum += g[(k * width) + column];
        }

        y[i] = sum;
    }
}
