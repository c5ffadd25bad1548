namespace Engine.Kernels.Flows.Gpu;

internal static class GpuSpline
{
    internal readonly record struct Forward(SplineShape Shape, Storage X, Storage Parameters, bool IsInverse, Storage Result) : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            device.Launcher(ForwardKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                X.Length, new SplineFormula(Shape), Shape.Parameters, X.Length, IsInverse ? 1 : 0, ViewOf<TLane>(X),
                ViewOf<TLane>(Parameters), ViewOf<TLane>(Result));
        }
    }

    internal readonly record struct Backward(
        SplineShape Shape, Storage G, Storage X, Storage Parameters, Storage Dx, Storage DParameters) : IScalarWork
    {
        void IScalarWork.Run<TLane>(GpuDevice device)
        {
            device.Launcher(BackwardKernel<TLane>, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                X.Length, new SplineFormula(Shape), Shape.Parameters, X.Length, ViewOf<TLane>(G), ViewOf<TLane>(X),
                ViewOf<TLane>(Parameters), ViewOf<TLane>(Dx), ViewOf<TLane>(DParameters));
        }
    }

    /// <summary>One thread computes one spline.</summary>
    private static void ForwardKernel<TLane>(
        Index1D i, SplineFormula formula, int each, int count, int inverse, ArrayView<TLane> x, ArrayView<TLane> parameters,
        ArrayView<TLane> result)
        where TLane : unmanaged, ILane<TLane>
    {
        InRow<TLane> own = new(parameters, parameters, i * each);
        SplineValue<TLane> value = inverse != 0 ? formula.Inverse(x[i], own) : formula.Forward(x[i], own);
        result[i] = value.Value;
        result[i + count] = value.LogSlope;
    }

    /// <summary>One thread computes the gradients of one spline.</summary>
    private static void BackwardKernel<TLane>(
        Index1D i, SplineFormula formula, int each, int count, ArrayView<TLane> g, ArrayView<TLane> x, ArrayView<TLane> parameters,
        ArrayView<TLane> dx, ArrayView<TLane> dParameters)
        where TLane : unmanaged, ILane<TLane> =>
        dx[i] = formula.Backward(x[i], g[i], g[i + count], new InRow<TLane>(parameters, dParameters, i * each));

    private readonly struct InRow<TLane>(ArrayView<TLane> values, ArrayView<TLane> gradients, int start) : ISplineParameters<TLane>
        where TLane : unmanaged, ILane<TLane>
    {
        public TLane Read(int parameter) => values[start + parameter];

        public void Write(int parameter, TLane gradient) => gradients[start + parameter] = gradient;
    }
}
