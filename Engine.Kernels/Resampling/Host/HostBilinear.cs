namespace Engine.Kernels.Resampling.Host;

internal readonly unsafe record struct HostBilinear(BilinearLayout Layout, Storage Source, Storage Target) : IVectorWork
{
    /// <summary>Elements below which a second thread costs more than it brings.</summary>
    private const int ChunkElements = 8192;

    void IVectorWork.Run<T, V>(CpuDevice cpu)
    {
        BilinearJob<T, V> job = new()
        {
            Layout = Layout, Source = Source.Pointer<T>(), Target = Target.Pointer<T>(),
        };
        cpu.Workers.RunRows(job, Layout.Batch * Layout.TargetHeight, Math.Max(1, ChunkElements / (Layout.TargetWidth * Layout.Channels)));
    }

    /// <summary>
    /// A task is some rows of the target; vectors run along the channels, and the weights of a pixel are the same for all of them.
    /// </summary>
    private struct BilinearJob<T, V> : IRowJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal BilinearLayout Layout;
        internal T* Source, Target;

        public readonly void Row(int row)
        {
            (int image, int y) = Math.DivRem(row, Layout.TargetHeight);
            T* target = Target + ((nint)row * Layout.TargetWidth * Layout.Channels);
            new Span<T>(target, Layout.TargetWidth * Layout.Channels).Clear();
            for (int from = Layout.FirstY(y); from < Layout.EndY(y); from++)
                AddRow(Source + (((nint)image * Layout.SourceHeight) + from) * Layout.SourceWidth * Layout.Channels,
                    Layout.WeightY(y, from) * Layout.Scale, target);
        }

        private readonly void AddRow(T* source, double weight, T* target)
        {
            for (int x = 0; x < Layout.TargetWidth; x++, target += Layout.Channels)
            {
                int end = Layout.EndX(x);
                for (int from = Layout.FirstX(x); from < end; from++)
                    AddPixel(source + ((nint)from * Layout.Channels), V.Of(weight * Layout.WeightX(x, from)), target, Layout.Channels);
            }
        }

        private static void AddPixel(T* source, V weight, T* target, int channels)
        {
            int i = 0;
            for (; i <= channels - V.Count; i += V.Count) V.Store(V.MulAdd(weight, V.Load(source + i), V.Load(target + i)), target + i);
            int left = channels - i;
            if (left == 0) return;
            V zero = V.Of(0);
            PartialVector.Store(V.MulAdd(weight, PartialVector.Load(source + i, left, zero), PartialVector.Load(target + i, left, zero)),
                target + i, left);
        }
    }
}
