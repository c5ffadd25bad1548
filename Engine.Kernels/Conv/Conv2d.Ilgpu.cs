using System.Collections.Concurrent;
using Engine.Kernels.Conv.Gpu;
using Engine.Kernels.Devices;
using Engine.Kernels.Gemm;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using Engine.Kernels.Movement;
using ILGPU.Runtime;

namespace Engine.Kernels.Conv;

public static partial class Conv2d
{
    /// <summary>Plans that were found by trying, so that a launch looks for its own without making up names.</summary>
    private static readonly ConcurrentDictionary<(string Device, Type Product, DType, Conv2dRung Largest, Conv2dShape),
        Conv2dPlan> s_tuned = new();

    private static readonly Lazy<int> s_wantedRung = new(() => KernelChoice.Of("conv"));

    /// <summary>
    /// The plan for a product on a device: what ENGINE_KERNEL asks for, what was found by trying if ENGINE_TUNE asks for that, or what
    /// suits extents and type.
    /// </summary>
    private static Conv2dPlan PlanFor<TProduct>(GpuDevice device, TProduct product, Conv2dArguments arguments, in Conv2dShape shape)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        Conv2dRung largest = (Conv2dRung)MatMul.LargestRung(device.HasTensorCores, arguments.C.DType, device.Precision);
        Conv2dPlan plan = Conv2dPlan.For(product.Rows, product.Columns, product.Depth, product.Parts, largest, device.Multiprocessors);
        if (s_wantedRung.Value != 0) return (Conv2dRung)s_wantedRung.Value == plan.Rung ? plan : new((Conv2dRung)s_wantedRung.Value);
        if (TunedPlans.OfEnvironment is not { } tuned) return plan;
        (string, Type, DType, Conv2dRung, Conv2dShape) key = (device.Description, typeof(TProduct), arguments.C.DType, largest, shape);
        return s_tuned.TryGetValue(key, out Conv2dPlan found) ? found
            : s_tuned[key] = PlanByTrying(tuned, device, largest, product, arguments, shape);
    }

    /// <summary>The fastest plan, tried on the operands with a result that is thrown away.</summary>
    internal static Conv2dPlan PlanByTrying<TProduct>(
        TunedPlans tuned, GpuDevice device, Conv2dRung largest, TProduct product, Conv2dArguments arguments, in Conv2dShape shape)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        List<(int, int)> candidates =
            [.. Conv2dPlan.Candidates(product.Rows, product.Columns, product.Depth, product.Parts, largest, device.Multiprocessors)
                .Select(plan => ((int)plan.Rung, plan.Splits))];
        DType dtype = arguments.C.DType;
        (int rung, int splits) = tuned.Find(
            device, $"{Operation} {typeof(TProduct).Name}", $"{shape} {dtype}, largest rung {(int)largest}", candidates, candidate =>
        {
            Storage scratch = device.Allocate(dtype, arguments.C.Length);
            RunOnIlgpu(device, new((Conv2dRung)candidate.Rung, candidate.Parts), product,
                new(arguments.A, arguments.B, null, scratch, false), Activation.None);
            scratch.Release();
        });
        return new((Conv2dRung)rung, splits);
    }

    /// <summary>The convolution by a chosen plan, for tests and benchmarks.</summary>
    internal static void RunByPlan(
        Conv2dPlan plan, GpuDevice device, Storage input, Storage weight, Storage output, in Conv2dShape shape,
        Storage? bias = null, Activation activation = default, bool accumulate = false) =>
        RunOnIlgpu(device, plan, new ForwardProduct(new(shape), 0), new(input, weight, bias, output, accumulate), activation);

    /// <summary>The gradient of the input by a chosen plan, for tests and benchmarks.</summary>
    internal static void InputGradientByPlan(
        Conv2dPlan plan, GpuDevice device, Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape,
        Storage? bias = null, Activation activation = default, bool accumulate = false) =>
        RunOnIlgpu(device, plan, new InputGradientProduct(new(shape), 0), new(gradient, weight, bias, inputGradient, accumulate),
            activation);

    /// <summary>The gradient of the weight by a chosen plan, for tests and benchmarks.</summary>
    internal static void WeightGradientByPlan(
        Conv2dPlan plan, GpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape,
        bool accumulate = false) =>
        WeightGradientOnIlgpu(device, plan, input, gradient, weightGradient, shape, accumulate);

    private static void RunOnIlgpu(
        GpuDevice device, Storage input, Storage weight, Storage output, in Conv2dShape shape, Storage? bias, Activation activation,
        bool accumulate)
    {
        ForwardProduct product = new(new(shape), 0);
        Conv2dArguments arguments = new(input, weight, bias, output, accumulate);
        RunOnIlgpu(device, PlanFor(device, product, arguments, shape), product, arguments, activation);
    }

    private static void InputGradientOnIlgpu(
        GpuDevice device, Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape, Storage? bias,
        Activation activation, bool accumulate)
    {
        InputGradientProduct product = new(new(shape), 0);
        Conv2dArguments arguments = new(gradient, weight, bias, inputGradient, accumulate);
        RunOnIlgpu(device, PlanFor(device, product, arguments, shape), product, arguments, activation);
    }

    private static void WeightGradientOnIlgpu(
        GpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate)
    {
        Conv2dPlan plan = PlanFor(
            device, new WeightGradientProduct(new(shape), 0), new(input, gradient, null, weightGradient, accumulate), shape);
        WeightGradientOnIlgpu(device, plan, input, gradient, weightGradient, shape, accumulate);
    }

    private static void WeightGradientOnIlgpu(
        GpuDevice device, Conv2dPlan plan, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate)
    {
        // The product has no rows for masked taps.
        if (shape.MaskedTaps > 0 && !accumulate) Move.Fill(weightGradient, 0);
        RunOnIlgpu(device, plan, new WeightGradientProduct(new(shape), 0), new(input, gradient, null, weightGradient, accumulate),
            Activation.None);
    }

    private static void RunOnIlgpu<TProduct>(
        GpuDevice device, Conv2dPlan plan, TProduct product, in Conv2dArguments arguments, Activation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        bool needsCard = plan.Rung >= Conv2dRung.Tf32
            || (plan.Rung == Conv2dRung.AsyncTile && device.Accelerator.AcceleratorType == AcceleratorType.Cuda);
        if (needsCard && !device.HasTensorCores)
        {
            throw new DeviceException(
                $"{Operation}: rung {(int)plan.Rung} ({plan.Rung}) needs an NVIDIA card of compute capability 8.0 or above; "
                + $"'{device.Name}' is {device.Description}.");
        }

        // Rung 1 computes an element in one go.
        if (plan.Splits == 1 || plan.Rung == Conv2dRung.Naive)
        {
            activation.Give(new Launch<TProduct>(device, plan.Rung, product, arguments));
            return;
        }

        int splitDepth = Conv2dPlan.SplitDepth(product.Depth, plan.Splits), splits = (product.Depth + splitDepth - 1) / splitDepth,
            length = product.Elements;
        Storage sums = device.Allocate(arguments.C.DType, checked(length * splits));
        Activation.None.Give(new Launch<TProduct>(
            device, plan.Rung, product, new(arguments.A, arguments.B, null, sums, false, splits, splitDepth)));
        activation.Give(new SplitSum.Launch(
            device, new(length, product.ResultChannels, splits, arguments.Bias is not null, arguments.Accumulate), sums, arguments.Bias,
            arguments.C, length));
        sums.Release();
    }

    private readonly struct Launch<TProduct>(GpuDevice device, Conv2dRung rung, TProduct product, Conv2dArguments arguments)
        : IWithActivation
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        public void Run<TActivation>(TActivation activation) where TActivation : unmanaged, IUnaryOp
        {
            if (arguments.C.DType == DType.Float64) On<DoubleScalar, TActivation>(activation);
            else if (rung < Conv2dRung.AsyncTile) On<FloatScalar, TActivation>(activation);
            else if (rung == Conv2dRung.AsyncTile || product.Depth == 0) AsyncTileConv2d.Run(device, product, arguments, activation);
            else if (product is WeightGradientProduct ofWeight && rung <= Conv2dRung.BFloat16) TensorTileWeightGradient.Run(
                device, ofWeight, arguments, activation);
            else if (rung == Conv2dRung.Tf32) TensorTileConv2d.Run<Tf32Rounding, TProduct, TActivation>(
                device, product, arguments, activation);
            else if (rung == Conv2dRung.BFloat16) TensorTileConv2d.Run<BFloat16Rounding, TProduct, TActivation>(
                device, product, arguments, activation);
            else throw new ArgumentException($"{Operation}: there is no rung {rung}.");
        }

        /// <summary>The rungs of any type; from the fourth on, which know float32 alone, the third stands in.</summary>
        private void On<TLane, TActivation>(TActivation activation)
            where TLane : unmanaged, ILane<TLane>
            where TActivation : unmanaged, IUnaryOp
        {
            switch (rung)
            {
                case Conv2dRung.Naive: NaiveConv2d.Run<TLane, TProduct, TActivation>(device, product, arguments, activation); break;
                case Conv2dRung.SharedTile: SharedTileConv2d.Run<TLane, TProduct, TActivation>(device, product, arguments, activation);
                break;
                default: RegisterTileConv2d.Run<TLane, TProduct, TActivation>(device, product, arguments, activation); break;
            }
        }
    }
}
