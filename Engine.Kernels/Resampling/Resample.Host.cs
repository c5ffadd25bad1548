using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;

namespace Engine.Kernels.Resampling;

public static unsafe partial class Resample
{
    /// <summary>Elements below which a second thread costs more than it brings.</summary>
    private const int ChunkElements = 8192;

    private static void RunOnHost(CpuDevice cpu, in BilinearLayout layout, Storage source, Storage target)
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (target.DType == DType.Float32 && wide) RunOnHost<float, Float512>(cpu, layout, source, target);
        else if (target.DType == DType.Float32) RunOnHost<float, Float256>(cpu, layout, source, target);
        else if (wide) RunOnHost<double, Double512>(cpu, layout, source, target);
        else RunOnHost<double, Double256>(cpu, layout, source, target);
    }

    private static void RunOnHost<T, V>(CpuDevice cpu, in BilinearLayout layout, Storage source, Storage target)
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        BilinearJob<T, V> job = new()
        {
            Layout = layout, Source = source.Pointer<T>(), Target = target.Pointer<T>(), Rows = layout.Batch * layout.TargetHeight,
            RowsInChunk = Math.Max(1, ChunkElements / (layout.TargetWidth * layout.Channels)),
        };
        cpu.Workers.Run(ref job, (job.Rows + job.RowsInChunk - 1) / job.RowsInChunk);
    }

    /// <summary>
    /// A task is some rows of the target; vectors run along the channels, and the weights of a pixel are the same for all of them.
    /// </summary>
    private struct BilinearJob<T, V> : IJob
        where T : unmanaged
        where V : unmanaged, IVectorLane<V, T>
    {
        internal BilinearLayout Layout;
        internal T* Source, Target;
        internal int Rows, RowsInChunk;

        public readonly void Run(int chunk)
        {
            int start = chunk * RowsInChunk;
            int end = start + Math.Min(RowsInChunk, Rows - start);
            for (int row = start; row < end; row++)
            {
                (int image, int y) = Math.DivRem(row, Layout.TargetHeight);
                T* target = Target + ((nint)row * Layout.TargetWidth * Layout.Channels);
                new Span<T>(target, Layout.TargetWidth * Layout.Channels).Clear();
                for (int from = Layout.FirstY(y); from < Layout.EndY(y); from++)
                    AddRow(Source + (((nint)image * Layout.SourceHeight) + from) * Layout.SourceWidth * Layout.Channels,
                        Layout.WeightY(y, from) * Layout.Scale, target);
            }
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
