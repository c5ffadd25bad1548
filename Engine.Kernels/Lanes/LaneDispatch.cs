namespace Engine.Kernels.Lanes;

/// <summary>Work on the host that is written once for all element types and vectors.</summary>
internal interface IVectorWork
{
    /// <summary>Does the work in elements of <typeparamref name="T"/>, a vector of <typeparamref name="V"/> at a time.</summary>
    void Run<T, V>() where T : unmanaged, IFloatingPointIeee754<T> where V : unmanaged, IVectorLane<V, T>;
}

/// <summary>Work on a GPU that is written once for all element types.</summary>
internal interface IScalarWork
{
    /// <summary>Does the work in elements of the type that <typeparamref name="TLane"/> wraps.</summary>
    void Run<TLane>() where TLane : unmanaged, ILane<TLane>;
}

/// <summary>Chooses the lanes of a kernel by the type of its elements and, on the host, by the widest vector of the processor.</summary>
internal static class LaneDispatch
{
    /// <summary>Does work on the host.</summary>
    /// <param name="dtype">Float32 or float64.</param>
    /// <param name="work">What to do.</param>
    internal static void OnHost<TWork>(DType dtype, TWork work) where TWork : struct, IVectorWork, allows ref struct
    {
        bool isWide = Vector512.IsHardwareAccelerated;
        if (dtype == DType.Float32)
        {
            if (isWide) work.Run<float, Float512>();
            else work.Run<float, Float256>();
        }
        else
        {
            if (isWide) work.Run<double, Double512>();
            else work.Run<double, Double256>();
        }
    }

    /// <summary>Does work on a GPU.</summary>
    /// <param name="dtype">Float32 or float64.</param>
    /// <param name="work">What to do.</param>
    /// <remarks>It is never inlined: a method that is compiled for the host must not load ILGPU for its other branch.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void OnGpu<TWork>(DType dtype, TWork work) where TWork : struct, IScalarWork, allows ref struct
    {
        if (dtype == DType.Float32) work.Run<FloatScalar>();
        else work.Run<DoubleScalar>();
    }
}
