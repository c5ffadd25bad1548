using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Conv.Host;

/// <summary><see cref="Conv2d.WeightGradient"/> on the host: chooses the algorithm and divides the work among the threads.</summary>
internal static unsafe class HostWeightGradient
{
    private const long WorthAThread = 1 << 17;
    private const int ChunksPerThread = 2;

    /// <summary>
    /// Fewer channels do not fill the rows of a register tile. The width of the vectors plays no part, so that it changes no result.
    /// </summary>
    private const int FewChannels = 8;

    /// <summary>Tiles of rows whose channels lie in one cache line: two threads that shared it would both read it.</summary>
    private const int TilesOfALine = 2;

    /// <summary>Input channels that are transformed together.</summary>
    private const int WinogradChannels = 32;

    /// <summary>The gradient with vectors of a given type, which does not change the result, and in a given form.</summary>
    internal static void Run<TV, T>(
        CpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape uncropped, bool accumulate,
        ConvForm form = ConvForm.ByShape)
        where TV : unmanaged, IVectorLane<TV, T>
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T* result = weightGradient.Pointer<T>();
        Conv2dShape shape = uncropped.Cropped;
        long live = (long)uncropped.LiveTaps * uncropped.GroupInputs * uncropped.Outputs;
        if (!accumulate) new Span<T>(result + live, (int)(uncropped.LengthWeight - live)).Clear();
        Images<T> inputs = new(input.Pointer<T>(), shape.Height, shape.Width, shape.Inputs);
        Images<T> outputs = new(gradient.Pointer<T>(), shape.OutputHeight, shape.OutputWidth, shape.Outputs);
        nint tapStride = (nint)shape.GroupInputs * shape.Outputs;

        // Rows are inputs and columns outputs, or the other way round.
        GradientTarget<T> target = new(result, tapStride, shape.Outputs, 1, shape.GroupOutputs, accumulate);
        GradientTarget<T> exchanged = new(result, tapStride, 1, shape.Outputs, shape.GroupOutputs, accumulate);
        ColumnPanels panels = ColumnPanels.Of<TV, T>(shape.Groups, shape.GroupOutputs);
        bool fewOutputs = shape.GroupOutputs < FewChannels && shape.GroupOutputs < shape.GroupInputs && shape.StrideHeight == 1
            && shape.StrideWidth == 1;
        if (fewOutputs || shape.GroupInputs < FewChannels)
        {
            TapGradientJob<TV, T> job = new()
            {
                Pool = device.Pool, Geometry = fewOutputs ? TapGeometry.Exchanged(shape) : TapGeometry.Of(shape),
                Left = fewOutputs ? outputs : inputs, Right = fewOutputs ? inputs : outputs, Target = fewOutputs ? exchanged : target,
                Batch = shape.Batch, LeftChannels = fewOutputs ? shape.GroupOutputs : shape.GroupInputs,
                Panels = fewOutputs ? ColumnPanels.Of<TV, T>(shape.Groups, shape.GroupInputs) : panels, ChunkTiles = 1,
            };
            job.ChunkTiles = TilesOfAChunk(device, shape, job.Panels.Count, job.Tiles);
            device.Workers.Run(ref job, job.Chunks);
        }
        else if (HostConv2d.TakesWinograd<T>(shape, transposed: false, form))
        {
            WinogradGradientJob<TV, T> job = new()
            {
                Pool = device.Pool, Plan = new WinogradPlan(shape, transposed: false), Input = inputs, Gradient = outputs, Target = result,
                Accumulate = accumulate, Panels = panels, ChunkChannels = WinogradChannels,
            };
            if (job.Chunks < 2 * device.Threads) job.ChunkChannels = WinogradChannels / 2;
            device.Workers.Run(ref job, job.Chunks);
        }
        else
        {
            ChannelGradientJob<TV, T> job = new()
            {
                Pool = device.Pool, Shape = shape, Input = inputs, Gradient = outputs, Target = target, Panels = panels, ChunkTiles = 1,
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

    internal readonly struct Work(Storage input, Storage gradient, Storage weightGradient, Conv2dShape shape, bool accumulate) : IVectorWork
    {
        void IVectorWork.Run<T, V>(CpuDevice cpu) => HostWeightGradient.Run<V, T>(cpu, input, gradient, weightGradient, shape, accumulate);
    }
}

/// <summary>
/// The gradient of the weight [taps, inputs of a group, outputs] as rows (a tap and a channel of the left side) by columns (channels of the
/// right side).
/// </summary>
/// <param name="elements">The first element.</param>
/// <param name="tapStride">Elements from one tap to the next.</param>
/// <param name="channelStride">Elements from one channel of the left side to the next.</param>
/// <param name="columnStride">Elements from one channel of the right side to the next.</param>
/// <param name="groupStride">Elements from one group to the next.</param>
/// <param name="accumulate">Adds to what the gradient holds.</param>
internal readonly unsafe struct GradientTarget<T>(
    T* elements, nint tapStride, nint channelStride, nint columnStride, nint groupStride, bool accumulate)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <summary>Writes a row of sums to its place.</summary>
    internal void Write(T* sums, int group, int tap, int channel, int column, int columns)
    {
        T* row = elements + (group * groupStride) + (tap * tapStride) + (channel * channelStride) + (column * columnStride);
        for (int j = 0; j < columns; j++)
        {
            T* element = row + (j * columnStride);
            *element = accumulate ? *element + sums[j] : sums[j];
        }
    }
}

/// <summary>
/// The pixels of the right side that are packed at a time: some rows of an image, or some images. Deep enough that reading and writing the
/// sums does not count, small enough that a panel stays in the second-level cache.
/// </summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of an image.</param>
/// <param name="Images">Images of a block.</param>
/// <param name="Rows">Rows of a block: all of them where it has several images.</param>
internal readonly record struct GradientBlock(int Batch, int Height, int Images, int Rows)
{
    private const int Depth = 512;

    internal int AlongHeight => (Height + Rows - 1) / Rows;

    internal int Count => (Batch + Images - 1) / Images * AlongHeight;

    internal static GradientBlock Of(int batch, int height, int width)
    {
        int rows = Math.Clamp((Depth + width - 1) / width, 1, height);
        int images = rows < height ? 1 : Math.Clamp((Depth / (height * width)), 1, Math.Max(batch, 1));
        return new GradientBlock(batch, height, images, rows);
    }

    /// <summary>The images and rows of a block.</summary>
    internal void Locate(int block, out int image, out int images, out int row, out int rows)
    {
        image = block / AlongHeight * Images;
        images = Math.Min(Images, Batch - image);
        row = block % AlongHeight * Rows;
        rows = Math.Min(Rows, Height - row);
    }
}
