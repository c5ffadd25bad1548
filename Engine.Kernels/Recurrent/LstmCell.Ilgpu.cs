using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Recurrent;

public static partial class LstmCell
{
    private static void ForwardOnIlgpu(
        GpuDevice device, RecurrentShape shape, int step, Storage input, Storage product, Storage hidden, Storage cell, Storage output,
        Storage gates, Storage hiddenBefore, Storage cellBefore)
    {
        if (input.DType == DType.Float32) Run<FloatScalar>();
        else Run<DoubleScalar>();

        void Run<V>() where V : unmanaged, ILane<V>
        {
            Action<Index1D, CellWalk, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>,
                ArrayView<V>> kernel = ForwardKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)shape.StepLength, new CellWalk(shape, step), GpuStorage.ViewOf<V>(input), GpuStorage.ViewOf<V>(product),
                GpuStorage.ViewOf<V>(hidden), GpuStorage.ViewOf<V>(cell),
                GpuStorage.ViewOf<V>(output), GpuStorage.ViewOf<V>(gates), GpuStorage.ViewOf<V>(hiddenBefore),
                GpuStorage.ViewOf<V>(cellBefore));
        }
    }

    private static void BackwardOnIlgpu(
        GpuDevice device, RecurrentShape shape, int step, Storage gradient, Storage hiddenGradient, Storage cellGradient, Storage gates,
        Storage cellBefore, Storage inputGradient, Storage productGradient)
    {
        if (gradient.DType == DType.Float32) Run<FloatScalar>();
        else Run<DoubleScalar>();

        void Run<V>() where V : unmanaged, ILane<V>
        {
            Action<Index1D, CellWalk, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>, ArrayView<V>,
                ArrayView<V>> kernel = BackwardKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)shape.StepLength, new CellWalk(shape, step), GpuStorage.ViewOf<V>(gradient), GpuStorage.ViewOf<V>(hiddenGradient),
                GpuStorage.ViewOf<V>(cellGradient),
                GpuStorage.ViewOf<V>(gates), GpuStorage.ViewOf<V>(cellBefore), GpuStorage.ViewOf<V>(inputGradient),
                GpuStorage.ViewOf<V>(productGradient));
        }
    }

    /// <summary>One thread computes one number of the state.</summary>
    private static void ForwardKernel<V>(
        Index1D state, CellWalk walk, ArrayView<V> input, ArrayView<V> product, ArrayView<V> hidden, ArrayView<V> cell, ArrayView<V> output,
        ArrayView<V> gates,
        ArrayView<V> hiddenBefore, ArrayView<V> cellBefore)
        where V : unmanaged, ILane<V>
    {
        int n = walk.Hidden, k = state % n, place = (walk.Place(state) * n) + k, at = (4 * walk.Place(state) * n) + k,
            own = (4 * (state / n) * n) + k;
        V i = input[at] + product[own];
        V f = input[at + n] + product[own + n];
        V g = input[at + (2 * n)] + product[own + (2 * n)];
        V o = input[at + (3 * n)] + product[own + (3 * n)];
        V c = cell[state];
        cellBefore[place] = c;
        hiddenBefore[place] = hidden[state];
        LstmFormulas.Forward(ref i, ref f, ref g, ref o, ref c, out V h);
        gates[at] = i;
        gates[at + n] = f;
        gates[at + (2 * n)] = g;
        gates[at + (3 * n)] = o;
        cell[state] = c;
        hidden[state] = h;
        output[place] = h;
    }

    /// <summary>One thread computes the gradients of one number of the state and of its four gates.</summary>
    private static void BackwardKernel<V>(
        Index1D state, CellWalk walk, ArrayView<V> gradient, ArrayView<V> hiddenGradient, ArrayView<V> cellGradient, ArrayView<V> gates,
        ArrayView<V> cellBefore,
        ArrayView<V> inputGradient, ArrayView<V> productGradient)
        where V : unmanaged, ILane<V>
    {
        int n = walk.Hidden, k = state % n, place = (walk.Place(state) * n) + k, at = (4 * walk.Place(state) * n) + k,
            own = (4 * (state / n) * n) + k;
        V i = gates[at], f = gates[at + n], g = gates[at + (2 * n)], o = gates[at + (3 * n)];
        V dHidden = gradient[place] + hiddenGradient[state], dCell = cellGradient[state];
        LstmFormulas.Backward(ref i, ref f, ref g, ref o, cellBefore[place], dHidden, ref dCell);
        cellGradient[state] = dCell;
        inputGradient[at] = i;
        inputGradient[at + n] = f;
        inputGradient[at + (2 * n)] = g;
        inputGradient[at + (3 * n)] = o;
        productGradient[own] = i;
        productGradient[own + n] = f;
        productGradient[own + (2 * n)] = g;
        productGradient[own + (3 * n)] = o;
    }
}
