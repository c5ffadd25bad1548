namespace Engine.Kernels.Gemm.Host;

/// <summary>A product of any two operands on the host: makes the activation a type and divides the work among the threads.</summary>
internal static unsafe class HostGemm<TV, T>
    where TV : unmanaged, IVectorLane<TV, T>
    where T : unmanaged
{
    /// <summary>
    /// output = activation(left * right + bias), or with <paramref name="accumulate"/> activation(output + left * right + bias).
    /// </summary>
    internal static void Run<TLeft, TRight>(
        CpuDevice device, in GemmExtents extents, in TLeft left, in TRight right, in Output<T> output,
        in Bias<T> bias, Activation activation, bool accumulate)
        where TLeft : struct, IOperand<T>
        where TRight : struct, IOperand<T> =>
        activation.Accept(new Product<TLeft, TRight>(device, extents, left, right, output, bias, accumulate));

    private readonly struct Product<TLeft, TRight>(
        CpuDevice device, GemmExtents extents, TLeft left, TRight right, Output<T> output, Bias<T> bias, bool accumulate)
        : IActivationVisitor
        where TLeft : struct, IOperand<T>
        where TRight : struct, IOperand<T>
    {
        public void Visit<TOp, TGradient>(TOp function, TGradient gradient)
            where TOp : unmanaged, IUnaryOp
            where TGradient : unmanaged, IBinaryOp
        {
            GemmJob<TV, T, TLeft, TRight, TOp> job = new()
            {
                Pool = device.Pool, Partition = Partition.For(device.Threads, extents, TileSize<TV, T>.Rows, TV.Count), Left = left,
                Right = right, Tiles = new TileJob<TV, T, TOp>(output, bias, function), Depth = extents.Depth, Accumulate = accumulate,
            };
            device.Workers.Run(ref job, job.Partition.Chunks);
        }
    }
}
