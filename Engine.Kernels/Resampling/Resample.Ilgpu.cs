using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Resampling;

public static partial class Resample
{
    private static void RunOnIlgpu(GpuDevice device, in BilinearLayout layout, Storage source, Storage target)
    {
        if (target.DType == DType.Float32) RunOnIlgpu<FloatScalar>(device, layout, source, target);
        else RunOnIlgpu<DoubleScalar>(device, layout, source, target);
    }

    private static void RunOnIlgpu<TLane>(GpuDevice device, in BilinearLayout layout, Storage source, Storage target)
        where TLane : unmanaged, ILane<TLane>
    {
        Action<Index1D, BilinearLayout, TLane, ArrayView<TLane>, ArrayView<TLane>> kernel = BilinearKernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            target.Length, layout, TLane.Of(layout.Scale), GpuStorage.ViewOf<TLane>(source), GpuStorage.ViewOf<TLane>(target));
    }

    /// <summary>One thread computes one element of the target from what goes into it.</summary>
    private static void BilinearKernel<TLane>(
        Index1D i, BilinearLayout layout, TLane scale, ArrayView<TLane> source, ArrayView<TLane> target)
        where TLane : unmanaged, ILane<TLane>
    {
        int channel = i % layout.Channels;
        int left = i / layout.Channels;
        int x = left % layout.TargetWidth;
        left /= layout.TargetWidth;
        int y = left % layout.TargetHeight;
        int image = left / layout.TargetHeight;
        int endY = layout.EndY(y);
        int firstX = layout.FirstX(x);
        int endX = layout.EndX(x);
        TLane sum = TLane.Of(0);
        for (int fromY = layout.FirstY(y); fromY < endY; fromY++)
        {
            TLane weight = TLane.Of(layout.WeightY(y, fromY)) * scale;
            int line = ((image * layout.SourceHeight) + fromY) * layout.SourceWidth;
            for (int fromX = firstX; fromX < endX; fromX++)
                sum = TLane.MulAdd(TLane.Of(layout.WeightX(x, fromX)) * weight, source[((line + fromX) * layout.Channels) + channel], sum);
        }

        target[i] = sum;
    }
}
