using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class Map
{
    private static void UpdateOnIlgpu<TOp>(IlgpuDevice device, TOp op, in UpdateArguments arguments, int start, int end) where TOp : unmanaged, IUpdateOp
    {
        if (arguments.X[start].DType == DType.Float32) UpdateOnIlgpu<FloatScalar, TOp>(device, op, arguments, start, end);
        else UpdateOnIlgpu<DoubleScalar, TOp>(device, op, arguments, start, end);
    }

    private static void UpdateOnIlgpu<TLane, TOp>(IlgpuDevice device, TOp op, in UpdateArguments arguments, int start, int end)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IUpdateOp
    {
        Action<Index1D, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> kernel = UpdateKernel;
        var launch = device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel));
        for (int i = start; i < end; i++)
        {
            Storage x = arguments.X[i], first = arguments[0][i];
            if (x.Length == 0) continue;
            launch(
                x.Length, IlgpuStorage.ViewOf<TLane>(first), IlgpuStorage.ViewOf<TLane>(TOp.States > 1 ? arguments[1][i] : first),
                IlgpuStorage.ViewOf<TLane>(TOp.States > 2 ? arguments[2][i] : first), IlgpuStorage.ViewOf<TLane>(TOp.States > 3 ? arguments[3][i] : first),
                IlgpuStorage.ViewOf<TLane>(x), op);
        }
    }

    /// <summary>One thread renews one element of every state.</summary>
    private static void UpdateKernel<TLane, TOp>(
        Index1D i, ArrayView<TLane> first, ArrayView<TLane> second, ArrayView<TLane> third, ArrayView<TLane> fourth, ArrayView<TLane> x, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IUpdateOp
    {
        TLane a = first[i];
        TLane b = TOp.States > 1 ? second[i] : default;
        TLane c = TOp.States > 2 ? third[i] : default;
        TLane d = TOp.States > 3 ? fourth[i] : default;
        op.Apply(ref a, ref b, ref c, ref d, x[i]);
        first[i] = a;
        if (TOp.States > 1) second[i] = b;
        if (TOp.States > 2) third[i] = c;
        if (TOp.States > 3) fourth[i] = d;
    }
}
