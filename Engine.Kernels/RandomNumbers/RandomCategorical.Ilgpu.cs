using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.RandomNumbers;

public static partial class RandomCategorical
{
    private static void RunOnIlgpu(GpuDevice device, Storage logits, int rows, int classes, Storage indices, ulong key, long offset)
    {
        if (logits.DType == DType.Float32) RunOnIlgpu<FloatScalar>(device, logits, rows, classes, indices, key, offset);
        else RunOnIlgpu<DoubleScalar>(device, logits, rows, classes, indices, key, offset);
    }

    private static void RunOnIlgpu<TLane>(
        GpuDevice device, Storage logits, int rows, int classes, Storage indices, ulong key, long offset)
        where TLane : unmanaged, IScalarLane<TLane>
    {
        Action<Index1D, int, ArrayView<TLane>, ArrayView<int>, ulong, ulong> kernel = Kernel;
        device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            rows, classes, GpuStorage.ViewOf<TLane>(logits), GpuStorage.ViewOf<int>(indices), key, (ulong)offset);
    }

    /// <summary>One thread draws for one row. A NaN among the logits makes the sums NaN, which are above nothing.</summary>
    private static void Kernel<TLane>(Index1D row, int classes, ArrayView<TLane> logits, ArrayView<int> indices, ulong key, ulong first)
        where TLane : unmanaged, IScalarLane<TLane>
    {
        int start = row * classes;
        int end = start + classes;
        TLane maximum = TLane.Of(double.NegativeInfinity);
        for (int i = start; i < end; i++) maximum = TLane.Max(maximum, logits[i]);
        TLane total = TLane.Of(0);
        for (int i = start; i < end; i++) total += LaneMath.Exp(logits[i] - maximum);
        ulong index = first + (ulong)row.X;
        TLane u = RandomIlgpu.Number<TLane>(Philox.Word(key, index), TLane.IsDouble ? 0 : 8)
            * TLane.Of(TLane.IsDouble ? 1.0 / (1L << 32) : 1.0 / (1 << 24));
        if (TLane.IsDouble) u += RandomIlgpu.Number<TLane>(Philox.Word(key, index, 1), 11) * TLane.Of(1.0 / (1L << 53));
        TLane wanted = u * total;
        TLane sum = TLane.Of(0);
        int found = -1;
        for (int i = start; i < end && found < 0; i++)
        {
            sum += LaneMath.Exp(logits[i] - maximum);
            if (TLane.IsLess(wanted, sum)) found = i - start;
        }

        indices[row] = found;
    }
}
