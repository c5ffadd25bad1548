using Engine.Kernels.Ladder;
using Engine.Kernels.Lanes;

namespace Engine.Kernels.Conv;

public static partial class Conv2d
{
    private static readonly Lazy<int> s_wantedRung = new(() => KernelChoice.Of("conv", (int)Conv2dRung.RegisterTile));

    /// <summary>
    /// The rung for a product: the largest tile that is not mostly outside the matrix; rows are many as a rule, columns are channels of a group.
    /// </summary>
    internal static Conv2dRung RungFor(int rows, int columns)
    {
        if (s_wantedRung.Value != 0) return (Conv2dRung)s_wantedRung.Value;

        // Tiles of columns are the second extent of a grid, which ends here.
        if ((columns - 1) / SharedTileConv2d.Tile >= SharedTileMatMul.MaxGrid) return Conv2dRung.Naive;
        if (rows > RegisterTileConv2d.Tile / 2 && columns > RegisterTileConv2d.Tile / 2) return Conv2dRung.RegisterTile;
        return rows >= SharedTileConv2d.Tile / 2 && columns >= SharedTileConv2d.Tile / 2 ? Conv2dRung.SharedTile : Conv2dRung.Naive;
    }

    /// <summary>The convolution on a chosen rung, for tests and benchmarks.</summary>
    internal static void RunOnRung(
        Conv2dRung rung, IlgpuDevice device, Storage input, Storage weight, Storage output, in Conv2dShape shape,
        Storage? bias = null, Activation activation = default, bool accumulate = false) =>
        RunOnIlgpu(device, rung, new ForwardProduct(new(shape), 0), new(input, weight, bias, output, accumulate), activation);

    /// <summary>The gradient of the input on a chosen rung, for tests and benchmarks.</summary>
    internal static void InputGradientOnRung(
        Conv2dRung rung, IlgpuDevice device, Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape,
        Storage? bias = null, Activation activation = default, bool accumulate = false) =>
        RunOnIlgpu(device, rung, new InputGradientProduct(new(shape), 0), new(gradient, weight, bias, inputGradient, accumulate), activation);

    /// <summary>The gradient of the weight on a chosen rung, for tests and benchmarks.</summary>
    internal static void WeightGradientOnRung(
        Conv2dRung rung, IlgpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate = false) =>
        WeightGradientOnIlgpu(device, rung, input, gradient, weightGradient, shape, accumulate);

    private static void RunOnIlgpu(
        IlgpuDevice device, Storage input, Storage weight, Storage output, in Conv2dShape shape, Storage? bias, Activation activation, bool accumulate)
    {
        ForwardProduct product = new(new(shape), 0);
        RunOnIlgpu(device, RungFor(product.Rows, product.Columns), product, new(input, weight, bias, output, accumulate), activation);
    }

    private static void InputGradientOnIlgpu(
        IlgpuDevice device, Storage gradient, Storage weight, Storage inputGradient, in Conv2dShape shape, Storage? bias, Activation activation, bool accumulate)
    {
        InputGradientProduct product = new(new(shape), 0);
        RunOnIlgpu(device, RungFor(product.Rows, product.Columns), product, new(gradient, weight, bias, inputGradient, accumulate), activation);
    }

    private static void WeightGradientOnIlgpu(
        IlgpuDevice device, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate)
    {
        WeightGradientProduct product = new(new(shape), 0);
        WeightGradientOnIlgpu(device, RungFor(product.Rows, product.Columns), input, gradient, weightGradient, shape, accumulate);
    }

    private static void WeightGradientOnIlgpu(
        IlgpuDevice device, Conv2dRung rung, Storage input, Storage gradient, Storage weightGradient, in Conv2dShape shape, bool accumulate)
    {
        // The product has no rows for masked taps.
        if (shape.MaskedTaps > 0 && !accumulate) Move.Fill(weightGradient, 0);
        RunOnIlgpu(device, rung, new WeightGradientProduct(new(shape), 0), new(input, gradient, null, weightGradient, accumulate), Activation.None);
    }

    private static void RunOnIlgpu<TProduct>(IlgpuDevice device, Conv2dRung rung, TProduct product, in Conv2dArguments arguments, Activation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
    {
        switch (activation.Kind)
        {
            case ActivationKind.Relu: RunOnIlgpu(device, rung, product, arguments, new Relu()); break;
            case ActivationKind.LeakyRelu: RunOnIlgpu(device, rung, product, arguments, new Elementwise.LeakyRelu(activation.Slope)); break;
            case ActivationKind.Tanh: RunOnIlgpu(device, rung, product, arguments, new Elementwise.Tanh()); break;
            case ActivationKind.Sigmoid: RunOnIlgpu(device, rung, product, arguments, new Elementwise.Sigmoid()); break;
            default: RunOnIlgpu(device, rung, product, arguments, new Identity()); break;
        }
    }

    private static void RunOnIlgpu<TProduct, TActivation>(IlgpuDevice device, Conv2dRung rung, TProduct product, in Conv2dArguments arguments, TActivation activation)
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        if (arguments.C.DType == DType.Float32) RunOnIlgpu<FloatScalar, TProduct, TActivation>(device, rung, product, arguments, activation);
        else RunOnIlgpu<DoubleScalar, TProduct, TActivation>(device, rung, product, arguments, activation);
    }

    private static void RunOnIlgpu<TLane, TProduct, TActivation>(
        IlgpuDevice device, Conv2dRung rung, TProduct product, in Conv2dArguments arguments, TActivation activation)
        where TLane : unmanaged, ILane<TLane>
        where TProduct : unmanaged, IConv2dProduct<TProduct>
        where TActivation : unmanaged, IUnaryOp
    {
        switch (rung)
        {
            case Conv2dRung.Naive: NaiveConv2d.Run<TLane, TProduct, TActivation>(device, product, arguments, activation); break;
            case Conv2dRung.SharedTile: SharedTileConv2d.Run<TLane, TProduct, TActivation>(device, product, arguments, activation); break;
            case Conv2dRung.RegisterTile: RegisterTileConv2d.Run<TLane, TProduct, TActivation>(device, product, arguments, activation); break;
            default: throw new ArgumentException($"{Operation}: there is no rung {rung}.");
        }
    }
}
