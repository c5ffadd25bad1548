using System.Numerics;
using System.Runtime.Intrinsics;
using Engine.Kernels.Lanes;

namespace Engine.Kernels;

public static unsafe partial class Reduce
{
    private static void SumHost(CpuDevice cpu, in ReducePlan plan, Storage x, Storage y) =>
        Pass(cpu, default(SumReduction), plan, x, null, y);

    private static void MeanHost(CpuDevice cpu, in ReducePlan plan, Storage x, Storage y) =>
        Pass(cpu, new MeanReduction(plan.Terms), plan, x, null, y);

    private static void MaxHost(CpuDevice cpu, in ReducePlan plan, Storage x, Storage y) =>
        Pass(cpu, default(MaxReduction), plan, x, null, y);

    private static void MinHost(CpuDevice cpu, in ReducePlan plan, Storage x, Storage y) =>
        Pass(cpu, default(MinReduction), plan, x, null, y);

    private static void LogSumExpHost(CpuDevice cpu, in ReducePlan plan, Storage x, Storage y)
    {
        // The maximum waits in y until the sum is there: each output reads its own and then replaces it.
        Pass(cpu, default(MaxReduction), plan, x, null, y);
        Pass(cpu, default(LogSumExpReduction), plan, x, y, y);
    }

    private static void MomentsHost(CpuDevice cpu, in ReducePlan plan, Storage x, Storage mean, Storage variance)
    {
        Pass(cpu, new MeanReduction(plan.Terms), plan, x, null, mean);
        Pass(cpu, new VarianceReduction(plan.Terms), plan, x, mean, variance);
    }

    /// <summary>One walk over x, with the vectors that the processor has.</summary>
    private static void Pass<TOp>(CpuDevice cpu, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y)
        where TOp : struct, IReduction
    {
        if (plan.Outputs == 0) return;
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32)
        {
            if (wide) Pass<float, Float512, TOp>(cpu, op, plan, x, center, y);
            else Pass<float, Float256, TOp>(cpu, op, plan, x, center, y);
        }
        else
        {
            if (wide) Pass<double, Double512, TOp>(cpu, op, plan, x, center, y);
            else Pass<double, Double256, TOp>(cpu, op, plan, x, center, y);
        }
    }

    private static void Pass<T, V, TOp>(CpuDevice cpu, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : struct, IReduction
    {
        int parts = plan.InnerReduced ? RowReduction<T, V, TOp>.Parts(plan) : ColumnReduction<T, V, TOp>.Parts(plan);
        if (parts <= 1)
        {
            Launch<T, V, TOp>(cpu, op, plan, x, center, y, 1);
            return;
        }

        Storage scratch = cpu.Allocate(x.DType, plan.Outputs * parts);
        try
        {
            Launch<T, V, TOp>(cpu, op, plan, x, center, scratch, parts);
            ReducePlan last = plan.InnerReduced
                ? new(plan.Outputs, parts, 1, innerReduced: true)
                : new(plan.Kept.Count, parts, plan.Inner, innerReduced: false);
            Launch<T, V, PartsReduction<TOp>>(cpu, new(op), last, scratch, center, y, 1);
        }
        finally
        {
            scratch.Release();
        }
    }

    private static void Launch<T, V, TOp>(CpuDevice cpu, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y, int parts)
        where T : unmanaged, INumber<T>
        where V : unmanaged, IVectorLane<V, T>
        where TOp : struct, IReduction
    {
        T* centers = center is null ? null : center.Pointer<T>();
        if (NarrowRowReduction<T, V, TOp>.Fits(plan))
        {
            NarrowRowReduction<T, V, TOp> narrow = new(op, plan, x.Pointer<T>(), centers, y.Pointer<T>());
            cpu.Workers.Run(ref narrow, narrow.Chunks);
        }
        else if (plan.InnerReduced)
        {
            RowReduction<T, V, TOp> rows = new(op, plan, x.Pointer<T>(), centers, y.Pointer<T>(), parts);
            cpu.Workers.Run(ref rows, rows.Chunks);
        }
        else
        {
            ColumnReduction<T, V, TOp> columns = new(op, plan, x.Pointer<T>(), x.Length, centers, y.Pointer<T>(), parts);
            cpu.Workers.Run(ref columns, columns.Chunks);
        }
    }
}
