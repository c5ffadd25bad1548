using System.Collections.Concurrent;
using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU.Runtime;

namespace Engine.Kernels.Gemm;

public static partial class MatMul
{
    /// <summary>Plans that were found by trying, so that a launch looks for its own without making up names.</summary>
    private static readonly ConcurrentDictionary<(string Device, DType, MatMulRung Largest, MatMulShape), MatMulPlan> s_tuned = new();

    private static readonly Lazy<int> s_wantedRung = new(() => KernelChoice.Of("matmul"));

    /// <summary>
    /// The plan for a product on a device: what ENGINE_KERNEL asks for, what was found by trying if ENGINE_TUNE asks for that, or what
    /// suits shape, type and precision.
    /// </summary>
    private static MatMulPlan PlanFor(GpuDevice device, Storage a, Storage b, Storage c, in MatMulShape shape)
    {
        MatMulRung largest = LargestRung(device.HasTensorCores, c.DType, device.Precision);
        MatMulPlan plan = MatMulPlan.For(shape, largest, device.Multiprocessors);
        if (s_wantedRung.Value != 0) return (MatMulRung)s_wantedRung.Value == plan.Rung ? plan : new((MatMulRung)s_wantedRung.Value);
        if (TunedPlans.OfEnvironment is not { } tuned) return plan;
        (string, DType, MatMulRung, MatMulShape) key = (device.Description, c.DType, largest, shape);
        return s_tuned.TryGetValue(key, out MatMulPlan found) ? found
            : s_tuned[key] = PlanByTrying(tuned, device, largest, a, b, c.DType, shape);
    }

    /// <summary>The fastest plan, tried on the operands with a result that is thrown away.</summary>
    internal static MatMulPlan PlanByTrying(
        TunedPlans tuned, GpuDevice device, MatMulRung largest, Storage a, Storage b, DType dtype, MatMulShape shape)
    {
        List<(int, int)> candidates =
            [.. MatMulPlan.Candidates(shape, largest, device.Multiprocessors).Select(plan => ((int)plan.Rung, plan.Parts))];
        (int rung, int parts) = tuned.Find(device, Operation, $"{shape} {dtype}, largest rung {(int)largest}", candidates, candidate =>
        {
            Storage scratch = device.Allocate(dtype, checked((int)shape.LengthC));
            RunOnIlgpu(device, new((MatMulRung)candidate.Rung, candidate.Parts), a, b, scratch, shape, null, Activation.None,
                accumulate: false);
            scratch.Release();
        });
        return new((MatMulRung)rung, parts);
    }

    /// <summary>The best rung of large tiles.</summary>
    internal static MatMulRung LargestRung(bool hasTensorCores, DType dtype, Precision precision) =>
        (hasTensorCores && dtype == DType.Float32, precision) switch
    {
        (false, _) => MatMulRung.RegisterTile,
        (true, Precision.Tf32) => MatMulRung.Tf32,
        (true, Precision.BFloat16) => MatMulRung.BFloat16,
        _ => MatMulRung.AsyncTile,
    };

    /// <summary>The product by a chosen plan, for tests and benchmarks.</summary>
    /// <inheritdoc cref="Run(Storage, Storage, Storage, in MatMulShape, Storage?, Activation, bool)"/>
    internal static void RunByPlan(
        MatMulPlan plan, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias = null, Activation activation = default,
        bool accumulate = false)
    {
        Device device = Check(a, b, c, shape, bias, activation);
        if (device is not GpuDevice ilgpu) throw new DeviceException($"{Operation}: device '{device.Name}' has no ladder of kernels.");
        if (shape.LengthC > 0) RunOnIlgpu(ilgpu, plan, a, b, c, shape, bias, activation, accumulate);
    }

    private static void RunOnIlgpu(
        GpuDevice device, MatMulPlan plan, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias, Activation activation,
        bool accumulate)
    {
        bool needsCard = plan.Rung >= MatMulRung.Tf32
            || (plan.Rung == MatMulRung.AsyncTile && device.Accelerator.AcceleratorType == AcceleratorType.Cuda);
        if (needsCard && !device.HasTensorCores)
        {
            throw new DeviceException(
                $"{Operation}: rung {(int)plan.Rung} ({plan.Rung}) needs an NVIDIA card of compute capability 8.0 or above; "
                + $"'{device.Name}' is {device.Description}.");
        }

        MatMulLayout layout = new(shape, bias is not null, accumulate);
        if (plan.Parts > 1)
        {
            MatMulLayout parts = new(shape, hasBias: false, accumulate: false, plan.Parts);
            Storage sums = device.Allocate(c.DType, checked((int)(shape.LengthC * parts.Parts)));
            RunOnRung(device, plan.Rung, shape, parts, a, b, null, sums, new Identity());
            activation.Give(new SplitSum.Launch(
                device, new(shape.M * shape.N, shape.N, parts.Parts, bias is not null, accumulate), sums, bias, c, c.Length));
            sums.Release();
            return;
        }

        activation.Give(new Multiplying(device, plan.Rung, shape, layout, a, b, bias, c));
    }

    private static void RunOnRung<TActivation>(
        GpuDevice device, MatMulRung rung, in MatMulShape shape, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c,
        TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        if (c.DType == DType.Float64) RunOnRung<DoubleScalar, TActivation>(device, rung, layout, a, b, bias, c, activation);
        else if (shape.K == 0 || rung < MatMulRung.AsyncTile) RunOnRung<FloatScalar, TActivation>(
            device, rung, layout, a, b, bias, c, activation);
        else if (rung == MatMulRung.AsyncTile) AsyncTileMatMul.Run(device, layout, a, b, bias, c, activation);
        else if (rung == MatMulRung.Tf32) TensorTileMatMul.Run<Tf32Rounding, TActivation>(device, shape, layout, a, b, bias, c, activation);
        else if (rung == MatMulRung.BFloat16) TensorTileMatMul.Run<BFloat16Rounding, TActivation>(
            device, shape, layout, a, b, bias, c, activation);
        else throw new ArgumentException($"{Operation}: there is no rung {rung}.");
    }

    /// <summary>The rungs of any type; from the fourth on, which know float32 alone, the third stands in.</summary>
    private static void RunOnRung<TLane, TActivation>(
        GpuDevice device, MatMulRung rung, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        if (rung == MatMulRung.Naive) NaiveMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation);
        else if (rung == MatMulRung.SharedTile) SharedTileMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation);
        else RegisterTileMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation);
    }

    private readonly struct Multiplying(
        GpuDevice device, MatMulRung rung, MatMulShape shape, MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c)
            : IWithActivation
    {
        public void Run<TActivation>(TActivation activation)
            where TActivation : unmanaged, IUnaryOp => RunOnRung(device, rung, shape, layout, a, b, bias, c, activation);
    }
}
