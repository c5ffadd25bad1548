using Engine.Kernels.Gemm;
using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary>The algorithms for a convolution on the host; <c>ENGINE_KERNEL=conv-host:N</c> names them by number.</summary>
internal enum ConvForm
{
    /// <summary>Chosen by the shape.</summary>
    ByShape,

    /// <summary>As defined.</summary>
    Direct,

    /// <summary>By Winograd's transform, where it is possible.</summary>
    Winograd,
}

/// <summary><see cref="Conv2d"/> and its transpose on the host: chooses the algorithm.</summary>
internal static unsafe class HostConv2d
{
    /// <summary>
    /// So few channels leave half of a vector empty. The width of the vectors plays no part, so that it changes no result.
    /// </summary>
    private const int FewChannels = 8;

    private static readonly Lazy<ConvForm> s_wanted = new(() => (ConvForm)KernelChoice.Of("conv-host"));

    /// <summary>
    /// target = activation(source * weight + bias), or with <paramref name="accumulate"/> activation(target + source * weight + bias), with
    /// vectors of a given type, which does not change the result, and in a given form.
    /// </summary>
    internal static void Run<TV, T>(
        CpuDevice device, Storage source, Storage weight, Storage target, in Conv2dShape uncropped, bool transposed, Storage? bias,
        Activation activation, bool accumulate, ConvForm form = ConvForm.ByShape)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        // A transform mixes the pixels of a tile, and its rounding would carry to an output what the mask keeps from it. Gradients may look
        // anywhere.
        if (uncropped.MaskedTaps > 0 && !transposed) form = ConvForm.Direct;
        Conv2dShape shape = uncropped.Cropped;
        T* biasElements = bias.PointerOrNull<T>();
        (Storage input, Storage output) = transposed ? (target, source) : (source, target);
        Images<T> inputs = new(input.Pointer<T>(), shape.Height, shape.Width, shape.Inputs);
        Images<T> outputs = new(output.Pointer<T>(), shape.OutputHeight, shape.OutputWidth, shape.Outputs);
        (Images<T> from, Images<T> to) = transposed ? (outputs, inputs) : (inputs, outputs);
        if (IsProduct(shape, transposed))
        {
            // One pixel after the other: the product of a matrix of pixels and the weight.
            MatrixOperand<T> rows = new(from.At(0, 0, 0), from.Channels, 0, linesAreNeighbours: false);
            MatrixOperand<T> weights = new(weight.Pointer<T>(), shape.Outputs, 0, linesAreNeighbours: !transposed);
            GemmExtents extents = new(1, shape.Batch * shape.Height * shape.Width, to.Channels, from.Channels);
            HostGemm<TV, T>.Run(device, extents, rows, weights, new Output<T>(to.At(0, 0, 0), to.Channels, 1, 0),
                new Bias<T>(biasElements, ofRows: false), activation, accumulate);
            return;
        }

        activation.Accept(new HostConvolution<TV, T>(
            device, from, weight.Pointer<T>(), to, shape, transposed, biasElements, accumulate, SuitsScatter(shape, transposed), form));
    }

    /// <summary>
    /// Whether a shape takes Winograd's transform: what the caller asks for, or else <c>ENGINE_KERNEL=conv-host:N</c>, or else what the
    /// shape suggests.
    /// </summary>
    internal static bool TakesWinograd<T>(in Conv2dShape shape, bool transposed, ConvForm form) where T : unmanaged
    {
        if (form == ConvForm.ByShape) form = s_wanted.Value;
        if (form == ConvForm.Direct || !WinogradPlan.IsPossible<T>(shape, transposed)) return false;
        return form == ConvForm.Winograd || WinogradPlan.Pays(shape, transposed);
    }

    /// <summary>A kernel of one tap without padding, stride and groups.</summary>
    private static bool IsProduct(in Conv2dShape shape, bool transposed) =>
        shape is { KernelHeight: 1, KernelWidth: 1, StrideHeight: 1, StrideWidth: 1, Groups: 1 } && shape.Padding == default
            && !SuitsScatter(shape, transposed);

    /// <summary>
    /// Few channels of the result, many of the source; a convolution with a stride would compute contributions that are not used.
    /// </summary>
    private static bool SuitsScatter(in Conv2dShape shape, bool transposed)
    {
        int channels = transposed ? shape.Inputs : shape.Outputs, depth = transposed ? shape.Outputs : shape.Inputs;
        return shape.Groups == 1 && channels < FewChannels && depth >= 4
            && (transposed || (shape.StrideHeight == 1 && shape.StrideWidth == 1));
    }

    internal readonly struct Work(
        Storage source, Storage weight, Storage target, Conv2dShape shape, bool transposed, Storage? bias,
        Activation activation, bool accumulate) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu) =>
            HostConv2d.Run<V, T>(cpu, source, weight, target, shape, transposed, bias, activation, accumulate);
    }
}

/// <summary>A convolution or its transpose by one of the algorithms: divides the work among the threads.</summary>
internal readonly unsafe struct HostConvolution<TV, T>(
    CpuDevice device, Images<T> source, T* weight, Images<T> target, Conv2dShape shape, bool transposed, T* bias, bool accumulate,
    bool suitsScatter, ConvForm form) : IActivationVisitor
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>Below this many multiply-adds, a second thread costs more than it gains.</summary>
    private const long WorthAThread = 1 << 17;

    /// <summary>Chunks for each thread, so that one that is delayed does not keep the others waiting.</summary>
    private const int ChunksPerThread = 4;

    /// <summary>Bytes of a weight that stays in the second-level cache while a band passes.</summary>
    private const long CachedWeight = 256 << 10;

    public void Visit<TOp, TGradient>(TOp function, TGradient gradient)
        where TOp : unmanaged, IUnaryOp
        where TGradient : unmanaged, IBinaryOp
    {
        if (suitsScatter) Scatter(function);
        else if (HostConv2d.TakesWinograd<T>(shape, transposed, form)) Winograd(function);
        else Direct(function);
    }

    private void Winograd<TOp>(TOp function) where TOp : unmanaged, IUnaryOp
    {
        WinogradPlan plan = new(shape, transposed);
        ColumnPanels panels = ColumnPanels.Of<TV, T>(1, plan.Channels);
        long bytes = HostMemoryPool.RoundUp(plan.WeightAt(plan.TargetPhases, panels, 0, 0, 0, 0) * sizeof(T));
        using PoolBlock block = new(device.Pool, bytes);
        WinogradWeightJob<TV, T> transform = new(device.Pool, weight, plan, panels, (T*)block.Address);
        device.Workers.Run(ref transform, transform.Chunks);
        WinogradJob<TV, T, TOp> job = new()
        {
            Pool = device.Pool, Plan = plan, Panels = panels, Weight = (T*)block.Address, Source = source,
            Target = new TileWriter<TV, T, TOp>(target, bias, function, accumulate),
            BlockTiles = WinogradJob<TV, T, TOp>.TilesOfABlock(plan), ChunkBlocks = 1,
        };
        int parts = device.Threads == 1 ? 1 : device.Threads * ChunksPerThread;
        job.ChunkBlocks = Math.Max((job.Blocks + parts - 1) / parts, 1);
        device.Workers.Run(ref job, job.Chunks);
    }

    private void Scatter<TOp>(TOp function) where TOp : unmanaged, IUnaryOp
    {
        int lines = shape.LiveTaps * target.Channels;
        long bytes = HostMemoryPool.RoundUp(ScatterJob<TV, T, TOp>.WeightLength(lines, source.Channels) * sizeof(T));
        using PoolBlock block = new(device.Pool, bytes);
        ScatterJob<TV, T, TOp>.PackWeight(weight, shape, transposed, (T*)block.Address);
        ScatterJob<TV, T, TOp> job = new()
        {
            Pool = device.Pool, Rows = transposed ? ScatterAxis.Transposed(shape.RowAxis) : ScatterAxis.Forward(shape.RowAxis),
            Columns = transposed ? ScatterAxis.Transposed(shape.ColumnAxis) : ScatterAxis.Forward(shape.ColumnAxis), Taps = shape.LiveTaps,
            Weight = (T*)block.Address, Source = source, Target = target, Bias = bias, Function = function, Accumulate = accumulate,
            Batch = shape.Batch, ChunkImages = Math.Max(shape.Batch, 1),
        };
        long wanted = Math.Clamp(shape.MultiplyAdds / WorthAThread, 1, device.Threads);
        if (wanted > 1) job.ChunkImages = (int)Math.Max(shape.Batch / (wanted * ChunksPerThread), 1);
        device.Workers.Run(ref job, job.Chunks);
    }

    private void Direct<TOp>(TOp function) where TOp : unmanaged, IUnaryOp
    {
        PhaseGrid grid = new(shape, transposed);
        int depth = transposed ? shape.GroupOutputs : shape.GroupInputs;
        ColumnPanels panels = ColumnPanels.Of<TV, T>(shape.Groups, transposed ? shape.GroupInputs : shape.GroupOutputs);
        long bytes = HostMemoryPool.RoundUp(WeightPanels<TV, T>.Length(grid, panels, depth) * sizeof(T));
        using PoolBlock block = new(device.Pool, bytes);
        WeightPanels<TV, T> packed = new((T*)block.Address, grid, panels, depth);
        PackWeightJob<TV, T> pack = new(weight, shape, grid, panels, packed, depth);
        device.Workers.Run(ref pack, pack.Chunks);

        DirectJob<TV, T, TOp> job = new()
        {
            Pool = device.Pool, Grid = grid, Panels = panels, Weight = packed, Source = source,
            Target = new TileWriter<TV, T, TOp>(target, bias, function, accumulate), Depth = depth, Batch = shape.Batch,
            ChunkImages = Math.Max(shape.Batch, 1), Together = false,
        };

        // As many chunks as keep the threads busy, of whole bands.
        long wanted = Math.Clamp(shape.MultiplyAdds / WorthAThread, 1, device.Threads);
        int band = DirectJob<TV, T, TOp>.Band, bands = (shape.Batch + band - 1) / band;
        job.Together = bytes <= CachedWeight && (wanted == 1 || bands >= wanted * ChunksPerThread);
        if (wanted > 1)
        {
            int others = job.Chunks;
            long parts = Math.Clamp(((wanted * ChunksPerThread) + others - 1) / others, 1, bands);
            job.ChunkImages = (int)((bands + parts - 1) / parts) * band;
        }

        device.Workers.Run(ref job, job.Chunks);
    }
}
