namespace Engine.Kernels.Recurrent.Gpu;

internal static class GpuGruCell
{
    internal readonly record struct Forward(
        RecurrentShape Shape, int Step, Storage Input, Storage Product, Storage Hidden, Storage Output, Storage Kept,
        Storage HiddenBefore) : IScalarWork
    {
        void IScalarWork.Run<V>(GpuDevice device)
        {
            device.Launcher(ForwardKernel<V>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)Shape.StepLength, Shape, Step, ViewOf<V>(Input), ViewOf<V>(Product),
                ViewOf<V>(Hidden), ViewOf<V>(Output), ViewOf<V>(Kept), ViewOf<V>(HiddenBefore));
        }
    }

    internal readonly record struct Backward(
        RecurrentShape Shape, int Step, Storage Gradient, Storage HiddenGradient, Storage Kept, Storage HiddenBefore,
        Storage InputGradient, Storage ProductGradient, Storage ProductGradients) : IScalarWork
    {
        void IScalarWork.Run<V>(GpuDevice device)
        {
            device.Launcher(BackwardKernel<V>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                (int)Shape.StepLength, Shape, Step, ViewOf<V>(Gradient), ViewOf<V>(HiddenGradient), ViewOf<V>(Kept),
                ViewOf<V>(HiddenBefore), ViewOf<V>(InputGradient), ViewOf<V>(ProductGradient), ViewOf<V>(ProductGradients));
        }
    }

    /// <summary>One thread computes one element of the state.</summary>
    private static void ForwardKernel<V>(
        Index1D state, RecurrentShape shape, int step, ArrayView<V> input, ArrayView<V> product, ArrayView<V> hidden, ArrayView<V> output,
        ArrayView<V> kept, ArrayView<V> hiddenBefore)
        where V : unmanaged, ILane<V>
    {
        int count = shape.Hidden, k = state % count, cell = shape.Place(state / count, step) * count, place = cell + k, at = (3 * cell) + k,
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

    /// <summary>One thread computes the gradients of one element of the state and of its three gates.</summary>
    private static void BackwardKernel<V>(
        Index1D state, RecurrentShape shape, int step, ArrayView<V> gradient, ArrayView<V> hiddenGradient, ArrayView<V> kept,
        ArrayView<V> hiddenBefore, ArrayView<V> inputGradient, ArrayView<V> productGradient, ArrayView<V> productGradients)
        where V : unmanaged, ILane<V>
    {
        int count = shape.Hidden, k = state % count, cell = shape.Place(state / count, step) * count, place = cell + k, at = (4 * cell) + k,
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
