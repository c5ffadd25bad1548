namespace Engine.Kernels.Recurrent.Gpu;

internal static class GpuLstmCell
{
    internal readonly record struct Forward(
        RecurrentShape Shape, int Step, Storage Input, Storage Product, Storage Hidden, Storage Cell, Storage Output,
        Storage Gates, Storage HiddenBefore, Storage CellBefore) : IScalarWork
    {
        void IScalarWork.Run<V>(GpuDevice device)
        {
            device.Launcher(ForwardKernel<V>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)Shape.StepLength, Shape, Step, ViewOf<V>(Input), ViewOf<V>(Product), ViewOf<V>(Hidden), ViewOf<V>(Cell),
                ViewOf<V>(Output), ViewOf<V>(Gates), ViewOf<V>(HiddenBefore), ViewOf<V>(CellBefore));
        }
    }

    internal readonly record struct Backward(
        RecurrentShape Shape, int Step, Storage Gradient, Storage HiddenGradient, Storage CellGradient, Storage Gates,
        Storage CellBefore, Storage InputGradient, Storage ProductGradient) : IScalarWork
    {
        void IScalarWork.Run<V>(GpuDevice device)
        {
            device.Launcher(BackwardKernel<V>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)Shape.StepLength, Shape, Step, ViewOf<V>(Gradient), ViewOf<V>(HiddenGradient), ViewOf<V>(CellGradient),
                ViewOf<V>(Gates), ViewOf<V>(CellBefore), ViewOf<V>(InputGradient), ViewOf<V>(ProductGradient));
        }
    }

    /// <summary>One thread computes one element of the state.</summary>
    private static void ForwardKernel<V>(
        Index1D state, RecurrentShape shape, int step, ArrayView<V> input, ArrayView<V> product, ArrayView<V> hidden, ArrayView<V> cell,
        ArrayView<V> output, ArrayView<V> gates, ArrayView<V> hiddenBefore, ArrayView<V> cellBefore)
        where V : unmanaged, ILane<V>
    {
        int n = shape.Hidden, k = state % n, start = shape.Place(state / n, step) * n, place = start + k, at = (4 * start) + k,
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

    /// <summary>One thread computes the gradients of one element of the state and of its four gates.</summary>
    private static void BackwardKernel<V>(
        Index1D state, RecurrentShape shape, int step, ArrayView<V> gradient, ArrayView<V> hiddenGradient, ArrayView<V> cellGradient,
        ArrayView<V> gates, ArrayView<V> cellBefore, ArrayView<V> inputGradient, ArrayView<V> productGradient)
        where V : unmanaged, ILane<V>
    {
        int n = shape.Hidden, k = state % n, start = shape.Place(state / n, step) * n, place = start + k, at = (4 * start) + k,
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
