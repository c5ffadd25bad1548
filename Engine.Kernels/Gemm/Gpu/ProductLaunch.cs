namespace Engine.Kernels.Gemm.Gpu;

/// <summary>A launch that is written once for all element types and activations.</summary>
internal interface IProductLaunch
{
    /// <summary>Launches the kernel for elements of the type that <typeparamref name="TLane"/> wraps.</summary>
    void Run<TLane, TActivation>(TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp;
}

/// <summary>Makes the element type and the activation of a launch types.</summary>
internal static class ProductLaunch
{
    internal static void Run<TLaunch>(GpuDevice device, DType dtype, Activation activation, TLaunch launch)
        where TLaunch : struct, IProductLaunch =>
        LaneDispatch.OnGpu(device, dtype, new OfType<TLaunch>(activation, launch));

    private readonly struct OfType<TLaunch>(Activation activation, TLaunch launch) : IScalarWork where TLaunch : struct, IProductLaunch
    {
        void IScalarWork.Run<TLane>(GpuDevice device) => activation.Accept(new OfLane<TLane, TLaunch>(launch));
    }

    private readonly struct OfLane<TLane, TLaunch>(TLaunch launch) : IActivationVisitor
        where TLane : unmanaged, ILane<TLane>
        where TLaunch : struct, IProductLaunch
    {
        public void Visit<TOp, TGradient>(TOp function, TGradient gradient)
            where TOp : unmanaged, IUnaryOp
            where TGradient : unmanaged, IBinaryOp => launch.Run<TLane, TOp>(function);
    }
}
