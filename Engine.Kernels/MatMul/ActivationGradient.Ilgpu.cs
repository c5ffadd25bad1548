using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels;

public static partial class ActivationGradient
{
    /// <summary>Terms that are added up before their sums are added to each other.</summary>
    private const int BlockRows = 64;

    private static void RunOnIlgpu<TOp>(IlgpuDevice device, TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage sums)
        where TOp : unmanaged, IBinaryOp
    {
        if (gradient.DType == DType.Float32) RunOnIlgpu<FloatScalar, TOp>(device, op, gradient, output, rows, columns, result, sums);
        else RunOnIlgpu<DoubleScalar, TOp>(device, op, gradient, output, rows, columns, result, sums);
    }

    private static void RunOnIlgpu<TLane, TOp>(IlgpuDevice device, TOp op, Storage gradient, Storage output, int rows, int columns, Storage result, Storage sums)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IBinaryOp
    {
        BatchNormalization.Walk walk = new(rows, columns);
        Storage scratch = device.Allocate(gradient.DType, checked(walk.Parts * columns));
        try
        {
            ArrayView<TLane> partial = IlgpuStorage.ViewOf<TLane>(scratch);
            Action<Index1D, BatchNormalization.Walk, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, TOp> part = PartKernel;
            device.Launcher(part, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                walk.Parts * columns, walk, IlgpuStorage.ViewOf<TLane>(gradient), IlgpuStorage.ViewOf<TLane>(output), IlgpuStorage.ViewOf<TLane>(result), partial, op);
            Action<Index1D, BatchNormalization.Walk, ArrayView<TLane>, ArrayView<TLane>> total = TotalKernel;
            device.Launcher(total, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(columns, walk, partial, IlgpuStorage.ViewOf<TLane>(sums));
        }
        finally
        {
            scratch.Release();
        }
    }

    /// <summary>One thread goes down one part of a column: neighbouring threads read and write neighbouring elements.</summary>
    private static void PartKernel<TLane, TOp>(
        Index1D i, BatchNormalization.Walk walk, ArrayView<TLane> gradient, ArrayView<TLane> output, ArrayView<TLane> result, ArrayView<TLane> partial, TOp op)
        where TLane : unmanaged, ILane<TLane>
        where TOp : unmanaged, IBinaryOp
    {
        int column = i % walk.Channels;
        int part = i / walk.Channels;
        TLane sum = TLane.Of(0);
        int end = IntrinsicMath.Min(walk.Rows, (part + 1) * walk.RowsInPart);
        for (int block = part * walk.RowsInPart; block < end; block += BlockRows)
        {
            TLane blockSum = TLane.Of(0);
            int blockEnd = IntrinsicMath.Min(end, block + BlockRows);
            for (int row = block; row < blockEnd; row++)
            {
                int at = (row * walk.Channels) + column;
                TLane element = op.Apply(gradient[at], output[at]);
                result[at] = element;
                blockSum += element;
            }

            sum += blockSum;
        }

        partial[i] = sum;
    }

    /// <summary>One thread adds up the parts of one column.</summary>
    private static void TotalKernel<TLane>(Index1D column, BatchNormalization.Walk walk, ArrayView<TLane> partial, ArrayView<TLane> sums) where TLane : unmanaged, ILane<TLane>
    {
        TLane sum = TLane.Of(0);
        for (int part = 0; part < walk.Parts; part++) sum += partial[(part * walk.Channels) + column];
        sums[column] = sum;
    }
}
