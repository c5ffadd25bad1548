using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Host;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv.Host;

/// <summary>The gradient of the weight on the host: chooses the algorithm and cuts the work for the threads.</summary>
internal static unsafe class HostWeightGradient<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    private const long WorthAThread = 1 << 17;
    private const int ChunksPerThread = 2;

    /// <summary>
    /// So few channels do not fill the rows of a register tile. The width of the vectors plays no part, so that it changes no result.
    /// </summary>
    private const int FewChannels = 8;

    /// <summary>Tiles of rows whose channels lie in one line of the cache: two threads that shared it would both read it.</summary>
    private const int TilesOfALine = 2;

    /// <summary>Input channels that are transformed together.</summary>
    private const int WinogradChannels = 32;

    internal static void Run(
        CpuDevice device, T* input, T* gradient, T* weightGradient, in Conv2dShape given, bool accumulate, ConvForm form)
    {
        Conv2dShape shape = given.Cropped;
        long live = (long)given.LiveTaps * given.GroupInputs * given.Outputs;
        if (!accumulate) new Span<T>(weightGradient + live, (int)(given.LengthWeight - live)).Clear();
        Images<T> inputs = new(input, shape.Height, shape.Width, shape.Inputs);
        Images<T> outputs = new(gradient, shape.OutputHeight, shape.OutputWidth, shape.Outputs);
        nint tapStride = (nint)shape.GroupInputs * shape.Outputs;

        // Rows are inputs, columns outputs, or the other way round.
        GradientTarget<T> target = new(weightGradient, tapStride, shape.Outputs, 1, shape.GroupOutputs, accumulate);
        GradientTarget<T> exchanged = new(weightGradient, tapStride, 1, shape.Outputs, shape.GroupOutputs, accumulate);
        ColumnPanels panels = ColumnPanels.Of<TV, T>(shape.Groups, shape.GroupOutputs);
        bool fewOutputs = shape.GroupOutputs < FewChannels && shape.GroupOutputs < shape.GroupInputs && shape.StrideHeight == 1
            && shape.StrideWidth == 1;
        if (fewOutputs || shape.GroupInputs < FewChannels)
        {
            TapGradientJob<TV, T> job = new()
            {
                Pool = device.Pool,
                Geometry = fewOutputs ? TapGeometry.Exchanged(shape) : TapGeometry.Of(shape),
                Left = fewOutputs ? outputs : inputs,
                Right = fewOutputs ? inputs : outputs,
                Target = fewOutputs ? exchanged : target,
                Batch = shape.Batch,
                LeftChannels = fewOutputs ? shape.GroupOutputs : shape.GroupInputs,
                Panels = fewOutputs ? ColumnPanels.Of<TV, T>(shape.Groups, shape.GroupInputs) : panels,
                ChunkTiles = 1,
            };
            job.ChunkTiles = TilesOfAChunk(device, shape, job.Panels.Count, job.Tiles);
            device.Workers.Run(ref job, job.Chunks);
        }
        else if (ConvChoice.TakesWinograd<T>(shape, transposed: false, form))
        {
            WinogradGradientJob<TV, T> job = new()
            {
                Pool = device.Pool,
                Plan = new WinogradPlan(shape, transposed: false),
                Input = inputs,
                Gradient = outputs,
                Target = weightGradient,
                Accumulate = accumulate,
                Panels = panels,
                ChunkChannels = WinogradChannels,
            };
            if (job.Chunks < 2 * device.Threads) job.ChunkChannels = WinogradChannels / 2;
            device.Workers.Run(ref job, job.Chunks);
        }
        else
        {
            ChannelGradientJob<TV, T> job = new()
            {
                Pool = device.Pool,
                Shape = shape,
                Input = inputs,
                Gradient = outputs,
                Target = target,
                Panels = panels,
                ChunkTiles = 1,
            };
            job.ChunkTiles = TilesOfAChunk(device, shape, shape.Groups, job.Tiles);
            device.Workers.Run(ref job, job.Chunks);
        }
    }

    private static int TilesOfAChunk(CpuDevice device, in Conv2dShape shape, int others, int tiles)
    {
        long wanted = Math.Clamp(shape.MultiplyAdds / WorthAThread, 1, device.Threads);
        long parts = wanted == 1 ? 1 : Math.Clamp(((wanted * ChunksPerThread) + others - 1) / others, 1, Math.Max(tiles / TilesOfALine, 1));
        return (int)((tiles + parts - 1) / parts);
    }
}
