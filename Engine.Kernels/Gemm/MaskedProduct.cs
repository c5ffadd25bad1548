using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Gemm.Host;

namespace Engine.Kernels.Gemm;

/// <summary>
/// A product y = activation(x (W * M) + b) with a mask M of zeros and ones, whose outputs do not depend on inputs that they are not
/// connected to, even where these are infinite or NaN. In a plain product 0 times NaN would be NaN.
/// </summary>
/// <remarks>
/// The product is the plain one of x with zeros in place of what is not finite. Rows of x that hold something infinite or NaN are then gone
/// through once more, and outputs that are connected to it computed anew. So outputs have the same bits whatever they are not connected to,
/// and rows that are finite, all of them as a rule, cost no more than being looked at.
/// </remarks>
internal static class MaskedProduct
{
    /// <summary>y = activation(x W + b), W being masked already.</summary>
    /// <param name="x">x: [rows, inputs].</param>
    /// <param name="weight">W * M: [inputs, outputs].</param>
    /// <param name="mask">M: [inputs, outputs], 0 where there is no connection.</param>
    /// <param name="y">Receives [rows, outputs].</param>
    /// <param name="shape">The extents.</param>
    /// <param name="bias">b: [outputs]; null adds nothing.</param>
    /// <param name="activation">The function that is applied last.</param>
    internal static void Run(
        Storage x, Storage weight, Storage mask, Storage y, in MatMulShape shape, Storage? bias, Activation activation)
    {
        Arguments.OneDevice("MaskedProduct", x, mask);
        Arguments.OneType("MaskedProduct", x, mask);
        Arguments.Length("MaskedProduct", nameof(mask), mask, weight.Length);
        if (x.Device is CpuDevice cpu)
        {
            bool isFinite = true;
            unsafe
            {
                LaneDispatch.OnHost(cpu, x.DType, new HostMaskedProduct.Finite(x, &isFinite));
            }

            if (isFinite)
            {
                MatMul.Run(x, weight, y, shape, bias, activation);
                return;
            }
        }

        using Scratch finite = new(x.Device, x.DType, x.Length);
        Map.Unary(x, finite, default(FiniteOrZero));
        MatMul.Run(finite, weight, y, shape, bias, activation);
        if (y.Length > 0 && x.Length > 0) activation.Accept(new Repair(x, weight, mask, y, shape, bias));
    }

    private readonly struct Repair(Storage x, Storage weight, Storage mask, Storage y, MatMulShape shape, Storage? bias)
        : IActivationVisitor
    {
        public void Visit<TOp, TGradient>(TOp function, TGradient gradient)
            where TOp : unmanaged, IUnaryOp
            where TGradient : unmanaged, IBinaryOp
        {
            if (x.Device is CpuDevice cpu)
                LaneDispatch.OnHost(cpu, x.DType, new HostMaskedProduct.Repair<TOp>(function, x, weight, mask, y, shape, bias));
            else if (!x.Device.IsMeasuring) GpuMaskedProduct.Run((GpuDevice)x.Device, function, x, weight, mask, y, shape, bias);
        }
    }

    /// <summary>x where it is finite, 0 elsewhere.</summary>
    internal readonly struct FiniteOrZero : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T x) where T : unmanaged, ILane<T> =>
            T.SelectLess(T.Abs(x), T.Of(double.PositiveInfinity), x, T.Of(0));
    }

    /// <summary>1 if x is infinite or NaN and has a connection, 0 otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T IsSeen<T>(T x, T connection) where T : unmanaged, ILane<T>
    {
        T zero = T.Of(0);
        return T.SelectEqual(connection, zero, zero, T.SelectLess(T.Abs(x), T.Of(double.PositiveInfinity), zero, T.Of(1)));
    }
}
