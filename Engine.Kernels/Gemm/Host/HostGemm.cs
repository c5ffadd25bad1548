using Engine.Kernels.Devices;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;

namespace Engine.Kernels.Gemm.Host;

/// <summary>A product of any two operands on the host: chooses the epilogue that was asked for and cuts the work for the threads.</summary>
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
        where TRight : struct, IOperand<T>
    {
        switch (activation.Kind)
        {
            case ActivationKind.Relu: With(new ReluEpilogue<T>(), true, device, extents, left, right, output, bias, accumulate); break;
            case ActivationKind.LeakyRelu: With(
                Unary(new LeakyRelu(activation.Slope)), true, device, extents, left, right, output, bias, accumulate); break;
            case ActivationKind.Tanh: With(Unary(default(Tanh)), true, device, extents, left, right, output, bias, accumulate); break;
            case ActivationKind.Sigmoid: With(Unary(default(Sigmoid)), true, device, extents, left, right, output, bias, accumulate); break;
            default: With(default(LinearEpilogue<T>), !bias.IsNone, device, extents, left, right, output, bias, accumulate); break;
        }
    }

    private static UnaryEpilogue<T, TOp> Unary<TOp>(TOp op) where TOp : struct, IUnaryOp => new(op);

    private static void With<TLeft, TRight, TEpilogue>(
        TEpilogue epilogue, bool finish, CpuDevice device, in GemmExtents extents, in TLeft left, in TRight right, in Output<T> output,
        in Bias<T> bias, bool accumulate)
        where TLeft : struct, IOperand<T>
        where TRight : struct, IOperand<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        GemmJob<TV, T, TLeft, TRight, TEpilogue> job = new()
        {
            Pool = device.Pool,
            Partition = Partition.For(device.Threads, extents, TileSize<TV, T>.Rows, TV.Count),
            Left = left,
            Right = right,
            Tiles = new TileJob<TV, T, TEpilogue>(output, bias, epilogue, finish),
            Depth = extents.Depth,
            Accumulate = accumulate,
        };
        device.Workers.Run(ref job, job.Partition.Chunks);
    }
}
