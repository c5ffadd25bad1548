namespace Engine.Kernels.Resampling.Gpu;

internal readonly record struct GpuBilinear(BilinearLayout Layout, Storage Source, Storage Target) : IScalarWork
{
    void IScalarWork.Run<TLane>(GpuDevice device)
    {
        device.Launcher(BilinearKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            Target.Length, Layout, TLane.Of(Layout.Scale), ViewOf<TLane>(Source), ViewOf<TLane>(Target));
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
