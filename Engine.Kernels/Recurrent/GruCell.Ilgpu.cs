using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Recurrent;

public static partial class GruCell
{
    private static void ForwardOnIlgpu(
        GpuDevice device, RecurrentShape shape, int step, Storage input, Storage product, Storage hidden, Storage output, Storage kept,
        Storage hiddenBefore)
    {
        if (input.DType == DType.Float32) Run<FloatScalar>();
        else Run<DoubleScalar>();

        void Run<V>() where V : unmanaged, ILane<V>
        {
            Action<Index1D, CellWalk, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>> kernel =
                ForwardKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)shape.StepLength, new CellWalk(shape, step), GpuStorage.ViewOf<V>(input), GpuStorage.ViewOf<V>(product),
                GpuStorage.ViewOf<V>(hidden),
                GpuStorage.ViewOf<V>(output), GpuStorage.ViewOf<V>(kept), GpuStorage.ViewOf<V>(hiddenBefore));
        }
    }

    private static void BackwardOnIlgpu(
        GpuDevice device, RecurrentShape shape, int step, Storage gradient, Storage hiddenGradient, Storage kept, Storage hiddenBefore,
        Storage inputGradient, Storage productGradient,
        Storage productGradients)
    {
        if (gradient.DType == DType.Float32) Run<FloatScalar>();
        else Run<DoubleScalar>();

        void Run<V>() where V : unmanaged, ILane<V>
        {
            Action<Index1D, CellWalk, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>,
                ArrayView<V>> kernel = BackwardKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)shape.StepLength, new CellWalk(shape, step), GpuStorage.ViewOf<V>(gradient), GpuStorage.ViewOf<V>(hiddenGradient),
                GpuStorage.ViewOf<V>(kept),
                GpuStorage.ViewOf<V>(hiddenBefore), GpuStorage.ViewOf<V>(inputGradient), GpuStorage.ViewOf<V>(productGradient),
                GpuStorage.ViewOf<V>(productGradients));
        }
    }

    /// <summary>One thread computes one number of the state.</summary>
    private static void ForwardKernel<V>(
        Index1D state, CellWalk walk, ArrayView<V> input, ArrayView<V> product, ArrayView<V> hidden, ArrayView<V> output, ArrayView<V> kept,
        ArrayView<V> hiddenBefore)
        where V : unmanaged, ILane<V>
    {
        int count = walk.Hidden, k = state % count, cell = walk.Place(state) * count, place = cell + k, at = (3 * cell) + k,
            own = (3 * (state / count) * count) + k;
        V r = input[at] + product[own];
        V z = input[at + count] + product[own + count];
        V p = product[own + (2 * count)];
        V h = hidden[state];
        hiddenBefore[place] = h;
        GruFormulas.Forward(ref r, ref z, input[at + (2 * count)], p, out V n, ref h);
        at = (4 * cell) + k;
        kept[at] = r;
        kept[at + count] = z;
        kept[at + (2 * count)] = n;
        kept[at + (3 * count)] = p;
        hidden[state] = h;
        output[place] = h;
    }

    /// <summary>One thread computes the gradients of one number of the state and of its three gates.</summary>
    private static void BackwardKernel<V>(
        Index1D state, CellWalk walk, ArrayView<V> gradient, ArrayView<V> hiddenGradient, ArrayView<V> kept, ArrayView<V> hiddenBefore,
        ArrayView<V> inputGradient,
        ArrayView<V> productGradient, ArrayView<V> productGradients)
        where V : unmanaged, ILane<V>
    {
        int count = walk.Hidden, k = state % count, cell = walk.Place(state) * count, place = cell + k, at = (4 * cell) + k,
            own = (3 * (state / count) * count) + k;
        V r = kept[at], z = kept[at + count], n = kept[at + (2 * count)], p = kept[at + (3 * count)];
        V dHidden = gradient[place] + hiddenGradient[state];
        GruFormulas.Backward(ref r, ref z, ref n, ref p, hiddenBefore[place], ref dHidden);
        hiddenGradient[state] = dHidden;
        at = (3 * cell) + k;
        inputGradient[at] = r;
        inputGradient[at + count] = z;
        inputGradient[at + (2 * count)] = n;
        productGradient[own] = r;
        productGradient[own + count] = z;
        productGradient[own + (2 * count)] = p;
        productGradients[at] = r;
        productGradients[at + count] = z;
        productGradients[at + (2 * count)] = p;
    }
}
