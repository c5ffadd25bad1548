using System.Collections.Concurrent;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary><see cref="MatMul"/> on a GPU: chooses a rung of the ladder and launches it.</summary>
internal static class GpuMatMul
{
    /// <summary>Tuned plans by shape, so that a launch builds no names to look for its own.</summary>
    private static readonly ConcurrentDictionary<(string Device, DType, KernelRung Largest, MatMulShape), KernelPlan> s_tuned = new();

    private static readonly Lazy<int> s_wantedRung = new(() => KernelChoice.Of("matmul"));

    internal static void Run(
        GpuDevice device, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias, Activation activation, bool accumulate) =>
        Run(device, PlanFor(device, a, b, c, shape), a, b, c, shape, bias, activation, accumulate);

    /// <summary>The product by a given plan, for tests and benchmarks.</summary>
    /// <inheritdoc cref="MatMul.Run(Storage, Storage, Storage, in MatMulShape, Storage?, Activation, bool)"/>
    internal static void RunByPlan(
        KernelPlan plan, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias = null, Activation activation = default,
        bool accumulate = false)
    {
        Device device = MatMul.Check(a, b, c, shape, bias, activation);
        if (device is not GpuDevice gpu) throw new DeviceException($"{MatMul.Operation}: device '{device.Name}' has no ladder of kernels.");
        if (shape.LengthC > 0) Run(gpu, plan, a, b, c, shape, bias, activation, accumulate);
    }

    /// <summary>The fastest plan, measured on the operands.</summary>
    internal static KernelPlan Tune(
        TunedPlans tuned, GpuDevice device, KernelRung largest, Storage a, Storage b, DType dtype, MatMulShape shape) =>
        KernelPlan.Fastest(
            tuned, device, MatMul.Operation, $"{shape}", dtype, largest, MatMulPlan.Candidates(shape, largest, device.Multiprocessors),
            checked((int)shape.LengthC),
            (plan, scratch) => Run(device, plan, a, b, scratch, shape, null, Activation.None, accumulate: false));

    /// <summary>
    /// The plan for a product on a device: the one that ENGINE_KERNEL selects, the tuned one if ENGINE_TUNE names a file, or what suits
    /// shape, type and precision.
    /// </summary>
    private static KernelPlan PlanFor(GpuDevice device, Storage a, Storage b, Storage c, in MatMulShape shape)
    {
        KernelRung largest = KernelPlan.LargestRung(device.HasTensorCores, c.DType, device.Precision);
        KernelPlan plan = MatMulPlan.For(shape, largest, device.Multiprocessors);
        if (s_wantedRung.Value != 0) return (KernelRung)s_wantedRung.Value == plan.Rung ? plan : new((KernelRung)s_wantedRung.Value);
        if (TunedPlans.OfEnvironment is not { } tuned) return plan;
        (string, DType, KernelRung, MatMulShape) key = (device.Description, c.DType, largest, shape);
        return s_tuned.TryGetValue(key, out KernelPlan found) ? found : s_tuned[key] = Tune(tuned, device, largest, a, b, c.DType, shape);
    }

    private static void Run(
        GpuDevice device, KernelPlan plan, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias, Activation activation,
        bool accumulate)
    {
        plan.Check(MatMul.Operation, device);
        if (plan.Splits == 1)
        {
            MatMulLayout whole = new(shape, bias is not null, accumulate);
            ProductLaunch.Run(device, c.DType, activation, new Launch(device, plan.Rung, shape, whole, a, b, bias, c));
            return;
        }

        MatMulLayout split = new(shape, hasBias: false, accumulate: false, plan.Splits);
        Storage sums = device.Allocate(c.DType, checked((int)(shape.LengthC * split.Parts)));
        ProductLaunch.Run(device, c.DType, Activation.None, new Launch(device, plan.Rung, shape, split, a, b, null, sums));
        SplitSum.Run(
            device, new(shape.M * shape.N, shape.N, split.Parts, bias is not null, accumulate), sums, bias, c, c.Length, activation);
        sums.Release();
    }

    private readonly struct Launch(
        GpuDevice device, KernelRung rung, MatMulShape shape, MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c)
        : IProductLaunch
    {
        /// <summary>From the fourth rung on the kernels are for float32; the third takes their place for float64 and empty sums.</summary>
        public void Run<TLane, TActivation>(TActivation activation)
            where TLane : unmanaged, ILane<TLane>
            where TActivation : unmanaged, IUnaryOp
        {
            bool isGeneric = c.DType == DType.Float64 || shape.K == 0 || rung < KernelRung.AsyncTile;
            if (rung == KernelRung.Naive) NaiveMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation);
            else if (rung == KernelRung.SharedTile) SharedTileMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation);
            else if (isGeneric) RegisterTileMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation);
            else if (rung == KernelRung.AsyncTile) AsyncTileMatMul.Run(device, layout, a, b, bias, c, activation);
            else if (rung == KernelRung.Tf32)
                TensorTileMatMul.Run<Tf32Rounding, TActivation>(device, shape, layout, a, b, bias, c, activation);
            else if (rung == KernelRung.BFloat16)
                TensorTileMatMul.Run<BFloat16Rounding, TActivation>(device, shape, layout, a, b, bias, c, activation);
            else throw new ArgumentException($"{MatMul.Operation}: there is no rung {rung}.");
        }
    }
}

/// <summary>The rules that choose a plan for a matrix product.</summary>
internal static class MatMulPlan
{
    /// <summary>A part that sums over less than this is not worth the memory that it goes through.</summary>
    private const int LeastSplitDepth = 64;

    /// <summary>More parts than this cost more in memory than they gain.</summary>
    private const int MostSplits = 64;

    /// <summary>
    /// The plan for a shape. Tiles of 128 x 128 pay when they are not mostly outside the matrix and there are enough of them, or of parts
    /// of their sums, to keep the multiprocessors busy; tiles of 16 x 16 when they are not mostly outside it.
    /// </summary>
    /// <param name="shape">The product.</param>
    /// <param name="largest">The best rung of large tiles that device, type and precision allow: <see cref="KernelRung.RegisterTile"/> or
    /// one above.</param>
    /// <param name="multiprocessors">Those of the device.</param>
    internal static KernelPlan For(in MatMulShape shape, KernelRung largest, int multiprocessors)
    {
        const int tile = RegisterTileMatMul.Tile;

        // Tiles of columns are the second extent of a grid, which is limited.
        if ((shape.N - 1) / SharedTileMatMul.Tile >= SharedTileMatMul.MaxGrid) return new(KernelRung.Naive);
        if (shape.M < SharedTileMatMul.Tile / 2 || shape.N < SharedTileMatMul.Tile / 2) return new(KernelRung.Naive);
        long tiles = (long)((shape.M + tile - 1) / tile) * ((shape.N + tile - 1) / tile) * shape.Batch;
        bool fits = shape.M >= tile / 2 && shape.N >= tile / 2;

        // Four large tiles do the work of 256 small ones, some ten times as fast: from one tile for every fourth multiprocessor on they
        // win.
        int splits = fits ? KernelPlan.SplitsFor(tiles, multiprocessors, MostSplitsOf(shape)) : 1;
        return fits && tiles * splits * 4 >= multiprocessors ? new(largest, splits) : new(KernelRung.SharedTile);
    }

    internal static IEnumerable<KernelPlan> Candidates(MatMulShape shape, KernelRung largest, int multiprocessors) =>
        KernelPlan.Candidates(For(shape, largest, multiprocessors), largest, MostSplitsOf(shape));

    private static int MostSplitsOf(in MatMulShape shape) => shape.Batch > 1 ? 1 : Math.Clamp(shape.K / LeastSplitDepth, 1, MostSplits);
}
