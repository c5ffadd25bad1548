using System.Collections.Concurrent;
using Engine.Kernels.Conv;
using Engine.Kernels.Gemm;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Movement;

namespace Engine.Kernels.Conv.Gpu;

/// <summary><see cref="Conv2d"/> on a GPU: chooses a rung of the ladder for each of the three products and launches it.</summary>
internal static class GpuConv2d
{
    /// <summary>Tuned plans by shape, so that a launch builds no names to look for its own.</summary>
    private static readonly ConcurrentDictionary<(string Device, Type Product, DType, KernelRung Largest, Conv2dShape), KernelPlan> s_tuned
        = new();

    private static readonly Lazy<int> s_wantedRung = new(() => KernelChoice.Of("conv"));

    /// <summary>The convolution; a plan is given by tests and benchmarks only.</summary>
    internal static void Run(
        GpuDevice device, Storage input, Storage weight, Storage output, in Conv2dShape shape, Storage? bias = null,
        Activation activation = default, bool accumulate = false, KernelPlan? plan = null) =>
        Run(device, plan, shape, new ForwardProduct(new(shape), 0), new(input, weight, bias, output, accumulate), activation);

    /// <summary>The gradient of the input, or the transposed convolution.</summary>
    /// <inheritdoc cref="Run(GpuDevice, Storage, Storage, Storage, in Conv2dShape, Storage?, Activation, bool, KernelPlan?)"/>
    internal static void InputGradient(
        GpuDevice device, Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape, Storage? bias = null,
        Activation activation = default, bool accumulate = false, KernelPlan? plan = null) =>
        Run(device, plan, shape, new InputGradientProduct(new(shape), 0), new(gradient, weight, bias, inputGradient, accumulate),
            activation);

    /// <summary>The gradient of the weight.</summary>
    /// <inheritdoc cref="Run(GpuDevice, Storage, Storage, Storage, in Conv2dShape, Storage?, Activation, bool, KernelPlan?)"/>
    internal static void WeightGradient(
        GpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate = false,
        KernelPlan? plan = null)
    {
        WeightGradientProduct product = new(new(shape), 0);
        Conv2dArguments arguments = new(input, gradient, null, weightGradient, accumulate);
        plan ??= PlanFor(device, product, arguments, shape);

        // The product has no rows for masked taps.
        if (shape.MaskedTaps > 0 && !accumulate) Move.Fill(weightGradient, 0);
        Run(device, plan, shape, product, arguments, Activation.None);
    }

    /// <summary>The fastest plan, measured on the operands.</summary>
    internal static KernelPlan Tune<TProduct>(
        TunedPlans tuned, GpuDevice device, KernelRung largest, TProduct product, Conv2dArguments arguments, Conv2dShape shape)
        where TProduct : unmanaged, IConv2dProduct<TProduct> =>
        KernelPlan.Fastest(
            tuned, device, $"{Conv2d.Operation} {typeof(TProduct).Name}", $"{shape}", arguments.C.DType, largest,
            Conv2dPlan.Candidates(product.Rows, product.Columns, product.Depth, product.Parts, largest, device.Multiprocessors),
            arguments.C.Length,
            (plan, scratch) => Run(device, plan, shape, product, new(arguments.A, arguments.B, null, scratch, false), Activation.None));

    /// <summary>
    /// The plan for a product on a device: the one that ENGINE_KERNEL selects, the tuned one if ENGINE_TUNE names a file, or what suits
    /// extents and type.
    /// </summary>
    private static KernelPlan PlanFor<TProduct>(GpuDevice device, TProduct product, in Conv2dArguments arguments, in Conv2dShape shape)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        KernelRung largest = KernelPlan.LargestRung(device.HasTensorCores, arguments.C.DType, device.Precision);
        KernelPlan plan = Conv2dPlan.For(product.Rows, product.Columns, product.Depth, product.Parts, largest, device.Multiprocessors);
        if (s_wantedRung.Value != 0) return (KernelRung)s_wantedRung.Value == plan.Rung ? plan : new((KernelRung)s_wantedRung.Value);
        if (TunedPlans.OfEnvironment is not { } tuned) return plan;
        (string, Type, DType, KernelRung, Conv2dShape) key = (device.Description, typeof(TProduct), arguments.C.DType, largest, shape);
        return s_tuned.TryGetValue(key, out KernelPlan found) ? found
            : s_tuned[key] = Tune(tuned, device, largest, product, arguments, shape);
    }

    private static void Run<TProduct>(
        GpuDevice device, KernelPlan? given, in Conv2dShape shape, TProduct product, in Conv2dArguments arguments, Activation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        KernelPlan plan = given ?? PlanFor(device, product, arguments, shape);
        plan.Check(Conv2d.Operation, device);
        DType dtype = arguments.C.DType;

        // Rung 1 computes an element in one go.
        if (plan.Splits == 1 || plan.Rung == KernelRung.Naive)
        {
            ProductLaunch.Run(device, dtype, activation, new Launch<TProduct>(device, plan.Rung, product, arguments));
            return;
        }

        int splitDepth = Conv2dPlan.SplitDepth(product.Depth, plan.Splits), splits = (product.Depth + splitDepth - 1) / splitDepth,
            length = product.Elements;
        Storage sums = device.Allocate(dtype, checked(length * splits));
        ProductLaunch.Run(device, dtype, Activation.None, new Launch<TProduct>(
            device, plan.Rung, product, new(arguments.A, arguments.B, null, sums, false, splits, splitDepth)));
        SplitSum.Run(
            device, new(length, product.ResultChannels, splits, arguments.Bias is not null, arguments.Accumulate), sums, arguments.Bias,
            arguments.C, length, activation);
        sums.Release();
    }

    private readonly struct Launch<TProduct>(GpuDevice device, KernelRung rung, TProduct product, Conv2dArguments arguments)
        : IProductLaunch
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        /// <summary>From the fourth rung on the kernels are for float32; the third takes their place for float64.</summary>
        public void Run<TLane, TActivation>(TActivation activation)
            where TLane : unmanaged, ILane<TLane>
            where TActivation : unmanaged, IUnaryOp
        {
            bool isGeneric = arguments.C.DType == DType.Float64 || rung < KernelRung.AsyncTile;
            if (rung == KernelRung.Naive) NaiveConv2d.Run<TLane, TProduct, TActivation>(device, product, arguments, activation);
            else if (rung == KernelRung.SharedTile) SharedTileConv2d.Run<TLane, TProduct, TActivation>(
                device, product, arguments, activation);
            else if (isGeneric) RegisterTileConv2d.Run<TLane, TProduct, TActivation>(device, product, arguments, activation);
            else if (rung == KernelRung.AsyncTile || product.Depth == 0) AsyncTileConv2d.Run(device, product, arguments, activation);
            else if (product is WeightGradientProduct ofWeight && rung <= KernelRung.BFloat16)
                TensorTileWeightGradient.Run(device, ofWeight, arguments, activation);
            else if (rung == KernelRung.Tf32)
                TensorTileConv2d.Run<Tf32Rounding, TProduct, TActivation>(device, product, arguments, activation);
            else if (rung == KernelRung.BFloat16)
                TensorTileConv2d.Run<BFloat16Rounding, TProduct, TActivation>(device, product, arguments, activation);
            else throw new ArgumentException($"{Conv2d.Operation}: there is no rung {rung}.");
        }
    }
}

/// <summary>The rules that choose a plan for a convolution or a gradient of one.</summary>
internal static class Conv2dPlan
{
    /// <summary>A part that sums over less than this is not worth the memory that it goes through.</summary>
    private const int LeastSplitDepth = 128;

    /// <summary>More parts than this cost more in memory than they gain.</summary>
    private const int MostSplits = 128;

    /// <summary>
    /// The plan for a product: the largest tile that is not mostly outside the matrix (there are many rows as a rule, columns are channels
    /// of a group), and as many parts of each sum as make two groups for each multiprocessor. The gradient of a weight needs them: it has
    /// few elements and sums over all places of all images.
    /// </summary>
    /// <param name="rows">Rows of the product.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="depth">What is summed over.</param>
    /// <param name="products">How many such products there are.</param>
    /// <param name="largest">The best rung of large tiles that device and type allow.</param>
    /// <param name="multiprocessors">Those of the device.</param>
    internal static KernelPlan For(int rows, int columns, int depth, int products, KernelRung largest, int multiprocessors)
    {
        // Tiles of columns are the second extent of a grid, which is limited.
        if ((columns - 1) / SharedTileConv2d.Tile >= SharedTileMatMul.MaxGrid) return new(KernelRung.Naive);
        if (rows < SharedTileConv2d.Tile / 2 || columns < SharedTileConv2d.Tile / 2) return new(KernelRung.Naive);
        bool large = rows > RegisterTileConv2d.Tile / 2 && columns > RegisterTileConv2d.Tile / 2;
        int tile = large ? RegisterTileConv2d.Tile : SharedTileConv2d.Tile;
        long groups = (long)((rows + tile - 1) / tile) * ((columns + tile - 1) / tile) * products;
        return new(large ? largest : KernelRung.SharedTile, KernelPlan.SplitsFor(groups, multiprocessors, MostSplitsOf(depth)));
    }

    /// <inheritdoc cref="For"/>
    internal static IEnumerable<KernelPlan> Candidates(
        int rows, int columns, int depth, int products, KernelRung largest, int multiprocessors) =>
        KernelPlan.Candidates(For(rows, columns, depth, products, largest, multiprocessors), largest, MostSplitsOf(depth));

    /// <summary>The depths of each split but the last: whole steps of every rung.</summary>
    internal static int SplitDepth(int depth, int splits) =>
        (((depth + splits - 1) / splits) + RegisterTileConv2d.Depth - 1) / RegisterTileConv2d.Depth * RegisterTileConv2d.Depth;

    private static int MostSplitsOf(int depth) => Math.Clamp(depth / LeastSplitDepth, 1, MostSplits);
}
