using Engine.Kernels.Devices;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm;
using Engine.Kernels.Gemm.Host;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Conv.Host;

/// <summary>
/// A convolution or its transpose on the host: chooses the epilogue that was asked for and the algorithm, and cuts the work for the
/// threads.
/// </summary>
internal static unsafe class HostConvolution<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    /// <summary>Below this many multiply-adds, a second thread costs more than it brings.</summary>
    private const long WorthAThread = 1 << 17;

    /// <summary>Chunks for each thread, so that one that is disturbed does not keep the others waiting.</summary>
    private const int ChunksPerThread = 4;

    /// <summary>Bytes of a weight that stays in the second-level cache while a band passes.</summary>
    private const long CachedWeight = 256 << 10;

    /// <summary>
    /// Of so few channels a vector would be half empty at most. The width of the vectors plays no part, so that it changes no result.
    /// </summary>
    private const int FewChannels = 8;

    /// <summary>
    /// target = activation(source * weight + bias), or with <paramref name="accumulate"/> activation(target + source * weight + bias).
    /// </summary>
    internal static void Run(
        CpuDevice device, T* source, T* weight, T* target, in Conv2dShape given, bool transposed, T* bias, Activation activation,
        bool accumulate,
        ConvForm form)
    {
        // A transform mixes the pixels of a tile, and its rounding would carry to an output what the mask keeps from it. Gradients may look
        // anywhere.
        if (given.MaskedTaps > 0 && !transposed) form = ConvForm.Direct;
        Conv2dShape shape = given.Cropped;
        if (IsProduct(shape, transposed))
        {
            Multiply(device, source, weight, target, shape, transposed, bias, activation, accumulate);
            return;
        }

        switch (activation.Kind)
        {
            case ActivationKind.Relu: With(
                new ReluEpilogue<T>(), device, source, weight, target, shape, transposed, bias, accumulate, form); break;
            case ActivationKind.LeakyRelu: With(
                Unary(new LeakyRelu(activation.Slope)), device, source, weight, target, shape, transposed, bias, accumulate, form); break;
            case ActivationKind.Tanh: With(Unary(default(Tanh)), device, source, weight, target, shape, transposed, bias, accumulate, form);
            break;
            case ActivationKind.Sigmoid: With(
                Unary(default(Sigmoid)), device, source, weight, target, shape, transposed, bias, accumulate, form); break;
            default: With(default(LinearEpilogue<T>), device, source, weight, target, shape, transposed, bias, accumulate, form); break;
        }
    }

    /// <summary>A kernel of one tap, one pixel after the other: the product of a matrix of pixels and the weight.</summary>
    private static bool IsProduct(in Conv2dShape shape, bool transposed) =>
        shape is { KernelHeight: 1, KernelWidth: 1, StrideHeight: 1, StrideWidth: 1, Groups: 1 } && shape.Padding == default
            && !SuitsScatter(shape, transposed);

    private static void Multiply(
        CpuDevice device, T* source, T* weight, T* target, in Conv2dShape shape, bool transposed, T* bias, Activation activation,
        bool accumulate)
    {
        int pixels = shape.Batch * shape.Height * shape.Width, depth = transposed ? shape.Outputs : shape.Inputs,
            columns = transposed ? shape.Inputs : shape.Outputs;
        MatrixOperand<T> rows = new(source, depth, 0, linesAreNeighbours: false);
        MatrixOperand<T> weights = new(weight, shape.Outputs, 0, linesAreNeighbours: !transposed);
        HostGemm<TV, T>.Run(device, new(1, pixels, columns, depth), rows, weights, new Output<T>(target, columns, 1, 0),
            new Bias<T>(bias, ofRows: false), activation, accumulate);
    }

    private static UnaryEpilogue<T, TOp> Unary<TOp>(TOp op) where TOp : struct, IUnaryOp => new(op);

    private static void With<TEpilogue>(
        TEpilogue epilogue, CpuDevice device, T* source, T* weight, T* target, in Conv2dShape shape, bool transposed, T* bias,
        bool accumulate, ConvForm form)
        where TEpilogue : struct, IEpilogue<T>
    {
        Images<T> input = new(transposed ? target : source, shape.Height, shape.Width, shape.Inputs);
        Images<T> output = new(transposed ? source : target, shape.OutputHeight, shape.OutputWidth, shape.Outputs);
        (Images<T> from, Images<T> to) = transposed ? (output, input) : (input, output);
        if (SuitsScatter(shape, transposed)) Scatter(epilogue, device, from, weight, to, shape, transposed, bias, accumulate);
        else if (ConvChoice.TakesWinograd<T>(shape, transposed, form)) Winograd(
            epilogue, device, from, weight, to, shape, transposed, bias, accumulate);
        else Direct(epilogue, device, from, weight, to, shape, transposed, bias, accumulate);
    }

    private static void Winograd<TEpilogue>(
        TEpilogue epilogue, CpuDevice device, Images<T> source, T* weight, Images<T> target, in Conv2dShape shape, bool transposed, T* bias,
        bool accumulate)
        where TEpilogue : struct, IEpilogue<T>
    {
        WinogradPlan plan = new(shape, transposed);
        ColumnPanels panels = ColumnPanels.Of<TV, T>(1, plan.Channels);
        long bytes = HostMemoryPool.RoundUp(plan.WeightAt(plan.TargetPhases, panels, 0, 0, 0, 0) * sizeof(T));
        nint block = device.Pool.Rent(bytes);
        try
        {
            WinogradWeightJob<TV, T> transform = new(device.Pool, weight, plan, panels, (T*)block);
            device.Workers.Run(ref transform, transform.Chunks);
            WinogradJob<TV, T, TEpilogue> job = new()
            {
                Pool = device.Pool,
                Plan = plan,
                Panels = panels,
                Weight = (T*)block,
                Source = source,
                Target = new TileWriter<TV, T, TEpilogue>(target, bias, epilogue, accumulate),
                BlockTiles = WinogradJob<TV, T, TEpilogue>.TilesOfABlock(plan),
                ChunkBlocks = 1,
            };
            int parts = device.Threads == 1 ? 1 : device.Threads * ChunksPerThread;
            job.ChunkBlocks = Math.Max((job.Blocks + parts - 1) / parts, 1);
            device.Workers.Run(ref job, job.Chunks);
        }
        finally
        {
            device.Pool.Return(block, bytes);
        }
    }

    /// <summary>
    /// Few channels of the result, many of the source; and a convolution of a stride would compute contributions that nobody takes.
    /// </summary>
    private static bool SuitsScatter(in Conv2dShape shape, bool transposed)
    {
        int channels = transposed ? shape.Inputs : shape.Outputs, depth = transposed ? shape.Outputs : shape.Inputs;
        return shape.Groups == 1 && channels < FewChannels && depth >= 4
            && (transposed || (shape.StrideHeight == 1 && shape.StrideWidth == 1));
    }

    private static void Scatter<TEpilogue>(
        TEpilogue epilogue, CpuDevice device, Images<T> source, T* weight, Images<T> target, in Conv2dShape shape, bool transposed, T* bias,
        bool accumulate)
        where TEpilogue : struct, IEpilogue<T>
    {
        int lines = shape.LiveTaps * target.Channels;
        long bytes = HostMemoryPool.RoundUp(ScatterJob<TV, T, TEpilogue>.WeightLength(lines, source.Channels) * sizeof(T));
        nint block = device.Pool.Rent(bytes);
        try
        {
            ScatterJob<TV, T, TEpilogue>.PackWeight(weight, shape, transposed, (T*)block);
            ScatterJob<TV, T, TEpilogue> job = new()
            {
                Pool = device.Pool,
                Rows = transposed
                    ? ScatterAxis.Transposed(
                        shape.Height, shape.OutputHeight, shape.KernelHeight, shape.StrideHeight, shape.Padding.Top, shape.DilationHeight)
                    : ScatterAxis.Forward(shape.Height, shape.OutputHeight, shape.KernelHeight, shape.Padding.Top, shape.DilationHeight),
                Columns = transposed
                    ? ScatterAxis.Transposed(
                        shape.Width, shape.OutputWidth, shape.KernelWidth, shape.StrideWidth, shape.Padding.Left, shape.DilationWidth)
                    : ScatterAxis.Forward(shape.Width, shape.OutputWidth, shape.KernelWidth, shape.Padding.Left, shape.DilationWidth),
                Taps = shape.LiveTaps,
                Weight = (T*)block,
                Source = source,
                Target = target,
                Bias = bias,
                Epilogue = epilogue,
                Accumulate = accumulate,
                Batch = shape.Batch,
                ChunkImages = Math.Max(shape.Batch, 1),
            };
            long wanted = Math.Clamp(shape.MultiplyAdds / WorthAThread, 1, device.Threads);
            if (wanted > 1) job.ChunkImages = (int)Math.Max(shape.Batch / (wanted * ChunksPerThread), 1);
            device.Workers.Run(ref job, job.Chunks);
        }
        finally
        {
            device.Pool.Return(block, bytes);
        }
    }

    private static void Direct<TEpilogue>(
        TEpilogue epilogue, CpuDevice device, Images<T> source, T* weight, Images<T> target, in Conv2dShape shape, bool transposed, T* bias,
        bool accumulate)
        where TEpilogue : struct, IEpilogue<T>
    {
        PhaseGrid grid = new(shape, transposed);
        int depth = transposed ? shape.GroupOutputs : shape.GroupInputs;
        ColumnPanels panels = ColumnPanels.Of<TV, T>(shape.Groups, transposed ? shape.GroupInputs : shape.GroupOutputs);
        long bytes = HostMemoryPool.RoundUp(WeightPanels<TV, T>.Length(grid, panels, depth) * sizeof(T));
        nint block = device.Pool.Rent(bytes);
        try
        {
            WeightPanels<TV, T> packed = new((T*)block, grid, panels, depth);
            PackWeightJob<TV, T> pack = new(weight, shape, grid, panels, packed, depth);
            device.Workers.Run(ref pack, pack.Chunks);

            DirectJob<TV, T, TEpilogue> job = new()
            {
                Pool = device.Pool,
                Grid = grid,
                Panels = panels,
                Weight = packed,
                Source = source,
                Target = new TileWriter<TV, T, TEpilogue>(target, bias, epilogue, accumulate),
                Depth = depth,
                Batch = shape.Batch,
                ChunkImages = Math.Max(shape.Batch, 1),
                Together = false,
            };

            // As many chunks as keep the threads busy, of whole bands.
            long wanted = Math.Clamp(shape.MultiplyAdds / WorthAThread, 1, device.Threads);
            int band = DirectJob<TV, T, TEpilogue>.Band, bands = (shape.Batch + band - 1) / band;
            job.Together = bytes <= CachedWeight && (wanted == 1 || bands >= wanted * ChunksPerThread);
            if (wanted > 1)
            {
                int others = job.Chunks;
                long parts = Math.Clamp(((wanted * ChunksPerThread) + others - 1) / others, 1, bands);
                job.ChunkImages = (int)((bands + parts - 1) / parts) * band;
            }

            device.Workers.Run(ref job, job.Chunks);
        }
        finally
        {
            device.Pool.Return(block, bytes);
        }
    }
}
