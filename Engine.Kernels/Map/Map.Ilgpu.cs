using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class Map
{
    private static void RunOnIlgpu<TOp>(IlgpuDevice device, DType dtype, TOp op, in BroadcastPlan plan, Storage output, Storage x, Storage? y, Storage? z, Storage? w)
        where TOp : unmanaged, IMapOp
    {
        if (dtype == DType.Float32) RunOnIlgpu<FloatScalar, TOp>(device, op, plan, output, x, y, z, w);
        else RunOnIlgpu<DoubleScalar, TOp>(device, op, plan, output, x, y, z, w);
    }

    private static void RunOnIlgpu<TLane, TOp>(IlgpuDevice device, TOp op, in BroadcastPlan plan, Storage output, Storage x, Storage? y, Storage? z, Storage? w)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IMapOp
    {
        Action<Index1D, MapWalk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> kernel = MapKernel;
        var launch = device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel));
        launch(
            output.Length, new MapWalk(plan), IlgpuStorage.ViewOf<TLane>(x), IlgpuStorage.ViewOf<TLane>(y ?? x), IlgpuStorage.ViewOf<TLane>(z ?? x),
            IlgpuStorage.ViewOf<TLane>(w ?? x), IlgpuStorage.ViewOf<TLane>(output), op);
    }

    /// <summary>One thread computes one element of the output: it finds its place along every axis, and from that the element of each argument.</summary>
    private static void MapKernel<TLane, TOp>(
        Index1D i, MapWalk walk, ArrayView<TLane> x, ArrayView<TLane> y, ArrayView<TLane> z, ArrayView<TLane> w, ArrayView<TLane> output, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IMapOp
    {
        int left = i;
        int atX = 0, atY = 0, atZ = 0, atW = 0;
        for (int axis = walk.Rank - 1; axis >= 0; axis--)
        {
            // On the outermost axis there is nothing left to divide: where all arguments have one shape, this is all.
            int place = axis == 0 ? left : left % walk.Extents[axis];
            if (axis > 0) left /= walk.Extents[axis];
            atX += place * walk.X[axis];
            if (TOp.Arity > 1) atY += place * walk.Y[axis];
            if (TOp.Arity > 2) atZ += place * walk.Z[axis];
            if (TOp.Arity > 3) atW += place * walk.W[axis];
        }

        output[i] = op.Apply(
            x[atX],
            TOp.Arity > 1 ? y[atY] : default,
            TOp.Arity > 2 ? z[atZ] : default,
            TOp.Arity > 3 ? w[atW] : default);
    }
}
