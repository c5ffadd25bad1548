namespace Engine.Kernels.Lanes;

/// <summary>Work on the host that is written once for all element types and vectors.</summary>
internal interface IVectorWork
{
    /// <summary>Does the work in elements of <typeparamref name="T"/>, a vector of <typeparamref name="V"/> at a time.</summary>
    void Run<T, V>(CpuDevice cpu) where T : unmanaged, IFloatingPointIeee754<T> where V : unmanaged, IVectorLane<V, T>;
}

/// <summary>Work on a GPU that is written once for all element types.</summary>
internal interface IScalarWork
{
    /// <summary>Does the work in elements of the type that <typeparamref name="TLane"/> wraps.</summary>
    void Run<TLane>(GpuDevice device) where TLane : unmanaged, IScalarLane<TLane>;
}

/// <summary>Chooses the lanes of a kernel by the type of its elements and, on the host, by the width of the device's vectors.</summary>
internal static class LaneDispatch
{
    /// <summary>Does work on the device that has the arrays.</summary>
    /// <param name="device">The device.</param>
    /// <param name="dtype">Float32 or float64.</param>
    /// <param name="onHost">What to do on the host.</param>
    /// <param name="onGpu">What to do on a GPU.</param>
    internal static void Run<THost, TGpu>(Device device, DType dtype, THost onHost, TGpu onGpu)
        where THost : struct, IVectorWork
        where TGpu : struct, IScalarWork
    {
        if (device is CpuDevice cpu) OnHost(cpu, dtype, onHost);
        else if (!device.IsMeasuring) OnGpu((GpuDevice)device, dtype, onGpu);
    }

    /// <summary>Does work on the host.</summary>
    internal static void OnHost<TWork>(CpuDevice cpu, DType dtype, TWork work) where TWork : struct, IVectorWork, allows ref struct
    {
        VectorWidth width = cpu.Vectors;
        if (dtype == DType.Float32)
        {
            if (width == VectorWidth.Bits512) work.Run<float, Float512>(cpu);
            else if (width == VectorWidth.Bits256) work.Run<float, Float256>(cpu);
            else work.Run<float, Float128>(cpu);
        }
        else
        {
            if (width == VectorWidth.Bits512) work.Run<double, Double512>(cpu);
            else if (width == VectorWidth.Bits256) work.Run<double, Double256>(cpu);
            else work.Run<double, Double128>(cpu);
        }
    }

    /// <summary>Does work on a GPU.</summary>
    /// <remarks>It is never inlined: a method that is compiled for the host must not load ILGPU for its other branch.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void OnGpu<TWork>(GpuDevice device, DType dtype, TWork work) where TWork : struct, IScalarWork, allows ref struct
    {
        if (dtype == DType.Float32) work.Run<FloatScalar>(device);
        else work.Run<DoubleScalar>(device);
    }
}
