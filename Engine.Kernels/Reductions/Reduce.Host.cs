using System.Numerics;
using System.Runtime.Intrinsics;
using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Reductions;

public static unsafe partial class Reduce
{
    /// <summary>One walk over x, with the vectors that the processor has.</summary>
    private static void PassHost<TOp>(CpuDevice cpu, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y)
        where TOp : struct, IReduction
    {
        bool wide = Vector512.IsHardwareAccelerated;
        if (x.DType == DType.Float32)
        {
            if (wide) PassHost<float, Float512, TOp>(cpu, op, plan, x, center, y);
            else PassHost<float, Float256, TOp>(cpu, op, plan, x, center, y);
        }
        else
        {
            if (wide) PassHost<double, Double512, TOp>(cpu, op, plan, x, center, y);
            else PassHost<double, Double256, TOp>(cpu, op, plan, x, center, y);
        }
    }

    private static void PassHost<T, V, TOp>(CpuDevice cpu, TOp op, in ReducePlan plan, Storage x, Storage? center, Storage y)
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
