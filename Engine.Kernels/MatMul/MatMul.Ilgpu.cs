using Engine.Kernels.Ladder;
using Engine.Kernels.Lanes;

namespace Engine.Kernels;

public static partial class MatMul
{
    private static readonly Lazy<int> s_wantedRung = new(() => KernelChoice.Of("matmul", (int)MatMulRung.RegisterTile));

    /// <summary>
    /// The rung for a shape. Tiles of 128 x 128 pay when there are enough of them to keep the card's multiprocessors busy and they are not
    /// mostly outside the matrix; tiles of 16 x 16 when they are not mostly outside it.
    /// </summary>
    internal static MatMulRung RungFor(in MatMulShape shape)
    {
        if (s_wantedRung.Value != 0) return (MatMulRung)s_wantedRung.Value;
        const int tile = RegisterTileMatMul.Tile, busy = 32;
        long tiles = (long)((shape.M + tile - 1) / tile) * ((shape.N + tile - 1) / tile) * shape.Batch;
        if (tiles >= busy && shape.M > tile / 2 && shape.N > tile / 2) return MatMulRung.RegisterTile;
        return shape.M >= SharedTileMatMul.Tile / 2 && shape.N >= SharedTileMatMul.Tile / 2 ? MatMulRung.SharedTile : MatMulRung.Naive;
    }

    /// <summary>The product on a chosen rung, for tests and benchmarks.</summary>
    /// <inheritdoc cref="Run(Storage, Storage, Storage, in MatMulShape, Storage?, Activation, bool)"/>
    internal static void RunOnRung(
        MatMulRung rung, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias = null, Activation activation = default, bool accumulate = false)
    {
        Device device = Check(a, b, c, shape, bias, activation);
        if (device is not IlgpuDevice ilgpu) throw new DeviceException($"{Operation}: device '{device.Name}' has no ladder of kernels.");
        if (shape.LengthC > 0) RunOnIlgpu(ilgpu, rung, a, b, c, shape, bias, activation, accumulate);
    }

    private static void RunOnIlgpu(
        IlgpuDevice device, MatMulRung rung, Storage a, Storage b, Storage c, in MatMulShape shape, Storage? bias, Activation activation, bool accumulate)
    {
        MatMulLayout layout = new(shape, bias is not null, accumulate);
        switch (activation.Kind)
        {
            case ActivationKind.Relu: RunOnIlgpu(device, rung, layout, a, b, bias, c, new Relu()); break;
            case ActivationKind.LeakyRelu: RunOnIlgpu(device, rung, layout, a, b, bias, c, new Elementwise.LeakyRelu(activation.Slope)); break;
            case ActivationKind.Tanh: RunOnIlgpu(device, rung, layout, a, b, bias, c, new Elementwise.Tanh()); break;
            case ActivationKind.Sigmoid: RunOnIlgpu(device, rung, layout, a, b, bias, c, new Elementwise.Sigmoid()); break;
            default: RunOnIlgpu(device, rung, layout, a, b, bias, c, new Identity()); break;
        }
    }

    private static void RunOnIlgpu<TActivation>(
        IlgpuDevice device, MatMulRung rung, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TActivation : unmanaged, IUnaryOp
    {
        if (c.DType == DType.Float32) RunOnIlgpu<FloatScalar, TActivation>(device, rung, layout, a, b, bias, c, activation);
        else RunOnIlgpu<DoubleScalar, TActivation>(device, rung, layout, a, b, bias, c, activation);
    }

    private static void RunOnIlgpu<TLane, TActivation>(
        IlgpuDevice device, MatMulRung rung, in MatMulLayout layout, Storage a, Storage b, Storage? bias, Storage c, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TActivation : unmanaged, IUnaryOp
    {
        switch (rung)
        {
            case MatMulRung.Naive: NaiveMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation); break;
            case MatMulRung.SharedTile: SharedTileMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation); break;
            case MatMulRung.RegisterTile: RegisterTileMatMul.Run<TLane, TActivation>(device, layout, a, b, bias, c, activation); break;
            default: throw new ArgumentException($"{Operation}: there is no rung {rung}.");
        }
    }
}
