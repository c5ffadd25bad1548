namespace Engine.Kernels.Pool.Gpu;

internal static class GpuPooling
{
    internal readonly record struct Fold<TFold>(
        TFold Folding, PoolLayout Layout, Storage X, Storage? Positions, Storage Y) : IScalarWork
        where TFold : unmanaged, IWindowFold
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            device.Launcher(FoldKernel<TLane, TFold>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                Y.Length, Layout, ViewOf<TLane>(X), ViewOf<TLane>(Positions ?? Y), Positions is null ? 0 : 1, ViewOf<TLane>(Y), Folding);
        }
    }

    internal readonly record struct Spread<TSpread>(
        TSpread Spreading, PoolLayout Layout, Storage G, Storage? Positions, Storage Dx) : IScalarWork
        where TSpread : unmanaged, IWindowSpread
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            device.Launcher(SpreadKernel<TLane, TSpread>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                Dx.Length, Layout, ViewOf<TLane>(G), ViewOf<TLane>(Positions ?? G), ViewOf<TLane>(Dx), Spreading);
        }
    }

    /// <summary>
    /// One thread computes one element of the output from the window of its channel: neighbouring threads read neighbouring channels.
    /// </summary>
    private static void FoldKernel<TLane, TFold>(
        Index1D i, PoolLayout layout, ArrayView<TLane> x, ArrayView<TLane> positions, int writesPositions, ArrayView<TLane> y, TFold fold)
        where TLane : unmanaged, ILane<TLane>
        where TFold : unmanaged, IWindowFold
    {
        int channel = i % layout.Channels;
        int left = i / layout.Channels;
        int windowX = left % layout.X.Outputs;
        left /= layout.X.Outputs;
        int windowY = left % layout.Y.Outputs;
        int image = left / layout.Y.Outputs;
        int firstY = layout.Y.First(windowY);
        int firstX = layout.X.First(windowX);
        int endY = layout.Y.End(windowY);
        int endX = layout.X.End(windowX);
        TLane value = fold.Start<TLane>();
        TLane position = TFold.ReadsPositions ? positions[i] : TLane.Of(layout.Place(firstY, firstX));
        for (int ky = firstY; ky < endY; ky++)
        {
            int line = (((image * layout.Y.Inputs) + layout.Y.Start(windowY) + ky) * layout.X.Inputs) + layout.X.Start(windowX);
            for (int kx = firstX; kx < endX; kx++)
                fold.Next(ref value, ref position, x[((line + kx) * layout.Channels) + channel], TLane.Of(layout.Place(ky, kx)));
        }

        y[i] = fold.Finish(value, TLane.Of(layout.Divisor(windowY, windowX)));
        if (!TFold.ReadsPositions && writesPositions != 0) positions[i] = position;
    }

    /// <summary>One thread computes one element of the image from the windows that it is in: no two threads write to one element.</summary>
    private static void SpreadKernel<TLane, TSpread>(
        Index1D i, PoolLayout layout, ArrayView<TLane> g, ArrayView<TLane> positions, ArrayView<TLane> dx, TSpread spread)
        where TLane : unmanaged, ILane<TLane>
        where TSpread : unmanaged, IWindowSpread
    {
        int channel = i % layout.Channels;
        int left = i / layout.Channels;
        int placeX = left % layout.X.Inputs;
        left /= layout.X.Inputs;
        int placeY = left % layout.Y.Inputs;
        int image = left / layout.Y.Inputs;
        int endY = layout.Y.EndWindow(placeY);
        int endX = layout.X.EndWindow(placeX);
        TLane sum = TLane.Of(0);
        for (int windowY = layout.Y.FirstWindow(placeY); windowY < endY; windowY++)
        {
            for (int windowX = layout.X.FirstWindow(placeX); windowX < endX; windowX++)
            {
                int at = (((((image * layout.Y.Outputs) + windowY) * layout.X.Outputs) + windowX) * layout.Channels) + channel;
                TLane place = TLane.Of(layout.Place(placeY - layout.Y.Start(windowY), placeX - layout.X.Start(windowX)));
                sum += spread.Term(g[at], positions[at], place, TLane.Of(layout.Divisor(windowY, windowX)));
            }
        }

        dx[i] = sum;
    }
}
