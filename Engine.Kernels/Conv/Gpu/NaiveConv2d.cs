namespace Engine.Kernels.Conv.Gpu;

/// <summary>
/// Rung 1: one thread computes one element of the result and reads all that it needs from memory. Neighbouring threads have neighbouring
/// channels, so that reads of at least one of the two operands are coalesced.
/// </summary>
internal static class NaiveConv2d
{
    internal static void Run<TLane, TProduct, TActivation>(
        GpuDevice device, TProduct product, in Conv2dArguments arguments, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        device.Launcher(Kernel<TLane, TProduct, TActivation>,
            static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
            product.Elements, product, arguments.Views<TLane>(), activation);
    }

    private static void Kernel<TLane, TProduct, TActivation>(Index1D i, TProduct product, Conv2dViews<TLane> views, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        Conv2dElement element = product.Find(i);
        TProduct part = product.Part(element.Part);
        Conv2dLine line = part.Line(element.Row);
        int depths = part.Depth;
        TLane sum = TLane.Of(0);
        for (int depth = 0; depth < depths; depth++)
        {
            int at = part.AtA(line, depth);
            if (at >= 0) sum = TLane.MulAdd(views.A[at], views.B[part.AtB(depth, element.Column)], sum);
        }

        views.Write(i, part.AtBias(element.Column), sum, activation);
    }
}
