using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Flows;

public static partial class RationalQuadraticSpline
{
    private static void ForwardOnIlgpu(GpuDevice device, Storage x, Storage parameters, SplineShape shape, bool inverse, Storage result)
    {
        if (x.DType == DType.Float32) Launch<FloatScalar>();
        else Launch<DoubleScalar>();

        void Launch<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            Action<Index1D, SplineFormula, int, int, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = ForwardKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                x.Length, new SplineFormula(shape), shape.Parameters, x.Length, inverse ? 1 : 0, GpuStorage.ViewOf<TLane>(x),
                GpuStorage.ViewOf<TLane>(parameters),
                GpuStorage.ViewOf<TLane>(result));
        }
    }

    private static void BackwardOnIlgpu(
        GpuDevice device, Storage g, Storage x, Storage parameters, SplineShape shape, Storage dx, Storage dParameters)
    {
        if (x.DType == DType.Float32) Launch<FloatScalar>();
        else Launch<DoubleScalar>();

        void Launch<TLane>() where TLane : unmanaged, ILane<TLane>
        {
            Action<Index1D, SplineFormula, int, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>,
                ArrayView<TLane>> kernel = BackwardKernel;
            device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadAutoGroupedStreamKernel(kernel))(
                x.Length, new SplineFormula(shape), shape.Parameters, x.Length, GpuStorage.ViewOf<TLane>(g),
                GpuStorage.ViewOf<TLane>(x), GpuStorage.ViewOf<TLane>(parameters),
                GpuStorage.ViewOf<TLane>(dx), GpuStorage.ViewOf<TLane>(dParameters));
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
