namespace Engine.Kernels.Pool.Host;

/// <summary>
/// Pooling on the host. Vectors run along the channels; a task is some rows of what is written, so that threads never write to the same
/// element.
/// </summary>
internal static unsafe class HostPooling
{
    /// <summary>Elements below which a second thread costs more than it brings.</summary>
    private const int ChunkElements = 8192;

    internal readonly record struct Fold<TFold>(TFold Folding, PoolLayout Layout, Storage X, Storage? Positions, Storage Y)
        : IVectorWork
        where TFold : unmanaged, IWindowFold
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            FoldJob<T, V, TFold> job = new()
            {
                Fold = Folding, Layout = Layout, X = X.Pointer<T>(), Positions = Positions.PointerOrNull<T>(), Y = Y.Pointer<T>(),
            };
            cpu.Workers.RunRows(job, Layout.Batch * Layout.Y.Outputs, Math.Max(1, ChunkElements / (Layout.X.Outputs * Layout.Channels)));
        }
    }

    internal readonly record struct Spread<TSpread>(
        TSpread Spreading, PoolLayout Layout, Storage G, Storage? Positions, Storage Dx) : IVectorWork
        where TSpread : unmanaged, IWindowSpread
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu)
        {
            SpreadJob<T, V, TSpread> job = new()
            {
                Spread = Spreading, Layout = Layout, G = G.Pointer<T>(), Positions = Positions.PointerOrNull<T>(), Output = Dx.Pointer<T>(),
            };
            cpu.Workers.RunRows(job, Layout.Batch * Layout.Y.Inputs, Math.Max(1, ChunkElements / (Layout.X.Inputs * Layout.Channels)));
        }
    }

    private struct FoldJob<T, V, TFold> : IRowJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
        where TFold : unmanaged, IWindowFold
    {
        internal TFold Fold;
        internal PoolLayout Layout;
        internal T* X, Positions, Y;

        public readonly void Row(int row)
        {
            (int image, int windowY) = Math.DivRem(row, Layout.Y.Outputs);
            for (int windowX = 0; windowX < Layout.X.Outputs; windowX++) Window(
                image, windowY, windowX, ((nint)row * Layout.X.Outputs) + windowX);
        }

        private readonly void Window(int image, int windowY, int windowX, nint window)
        {
            (PoolAxis y, PoolAxis x, int channels) = (Layout.Y, Layout.X, Layout.Channels);
            (int firstY, int endY, int firstX, int endX) = (y.First(windowY), y.End(windowY), x.First(windowX), x.End(windowX));
            T* source = X + (((((nint)image * y.Inputs) + y.Start(windowY)) * x.Inputs) + x.Start(windowX)) * channels;
            V divisor = V.Of(Layout.Divisor(windowY, windowX)), ordered = V.Of(0);
            TFold fold = Fold;
            for (int channel = 0; channel < channels; channel += V.Count)
            {
                int left = channels - channel;
                V value = fold.Start<V>();
                V position = TFold.ReadsPositions ? PartialVector.LoadUpTo<V, T>(Positions + (window * channels) + channel, left)
                    : V.Of(Layout.Place(firstY, firstX));
                for (int ky = firstY; ky < endY; ky++)
                {
                    T* line = source + ((nint)ky * x.Inputs * channels) + channel;
                    for (int kx = firstX; kx < endX; kx++)
                        fold.NextOrdered(ref value, ref position, PartialVector.LoadUpTo<V, T>(line + ((nint)kx * channels), left),
                            V.Of(Layout.Place(ky, kx)));
                }

                PartialVector.StoreUpTo(fold.Finish(value, divisor), Y + (window * channels) + channel, left);
                if (TFold.ReadsPositions || Positions == null) continue;
                PartialVector.StoreUpTo(position, Positions + (window * channels) + channel, left);
                ordered = V.SelectEqual(value, value, ordered, value);
            }

            // Out of the loop, in which a call would cost registers.
            if (!VectorTests.AreEqual<V, T>(ordered, ordered)) SetPlacesOfNaN(source, window, firstY, endY, firstX, endX);
        }

        /// <summary>Sets the positions of the channels whose value is NaN to that of the first NaN, from the last place back.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        private readonly void SetPlacesOfNaN(T* source, nint window, int firstY, int endY, int firstX, int endX)
        {
            T* values = Y + (window * Layout.Channels), positions = Positions + (window * Layout.Channels);
            for (int channel = 0; channel < Layout.Channels; channel += V.Count)
            {
                int left = Layout.Channels - channel;
                V position = PartialVector.LoadUpTo<V, T>(positions + channel, left), first = position;
                for (int ky = endY - 1; ky >= firstY; ky--)
                {
                    for (int kx = endX - 1; kx >= firstX; kx--)
                    {
                        T* place = source + ((((nint)ky * Layout.X.Inputs) + kx) * Layout.Channels) + channel;
                        V x = PartialVector.LoadUpTo<V, T>(place, left);
                        first = V.SelectEqual(x, x, first, V.Of(Layout.Place(ky, kx)));
                    }
                }

                V value = PartialVector.LoadUpTo<V, T>(values + channel, left);
                PartialVector.StoreUpTo(V.SelectEqual(value, value, position, first), positions + channel, left);
            }
        }
    }

    private struct SpreadJob<T, V, TSpread> : IRowJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
        where TSpread : unmanaged, IWindowSpread
    {
        internal TSpread Spread;
        internal PoolLayout Layout;
        internal T* G, Positions, Output;

        public readonly void Row(int row)
        {
            (int image, int placeY) = Math.DivRem(row, Layout.Y.Inputs);
            for (int placeX = 0; placeX < Layout.X.Inputs; placeX++)
                Place(image, placeY, placeX, Output + ((((nint)row * Layout.X.Inputs) + placeX) * Layout.Channels));
        }

        private readonly void Place(int image, int placeY, int placeX, T* output)
        {
            (PoolAxis y, PoolAxis x, int channels) = (Layout.Y, Layout.X, Layout.Channels);
            (int firstY, int endY, int firstX, int endX) =
                (y.FirstWindow(placeY), y.EndWindow(placeY), x.FirstWindow(placeX), x.EndWindow(placeX));
            TSpread spread = Spread;
            for (int channel = 0; channel < channels; channel += V.Count)
            {
                int left = channels - channel;
                V sum = V.Of(0);
                for (int windowY = firstY; windowY < endY; windowY++)
                {
                    nint line = ((nint)image * y.Outputs) + windowY;
                    for (int windowX = firstX; windowX < endX; windowX++)
                    {
                        nint at = (((line * x.Outputs) + windowX) * channels) + channel;
                        V position = TSpread.ReadsPositions ? PartialVector.LoadUpTo<V, T>(Positions + at, left) : default;
                        V place = V.Of(Layout.Place(placeY - y.Start(windowY), placeX - x.Start(windowX)));
                        sum += spread.Term(PartialVector.LoadUpTo<V, T>(G + at, left), position, place,
                            V.Of(Layout.Divisor(windowY, windowX)));
                    }
                }

                PartialVector.StoreUpTo(sum, output + channel, left);
            }
        }
    }
}
