namespace Engine.Tests.Gemm;

public sealed class MatMulArgumentTests : IsolatedTests
{
    [Theory, Values(-0.1, double.NaN, double.NegativeInfinity)]
    public void A_slope_that_is_not_at_least_0_is_refused(double slope)
    {
        Says(() => Activation.LeakyRelu(slope));
        Says(() => new Activation(ActivationKind.LeakyRelu, slope));
        Says(() => Activation.Relu with { Slope = slope });

        static void Says(Func<Activation> activation) =>
            Refused<ArgumentOutOfRangeException>("Activation: expected a slope of at least 0, found", () => activation());
    }

    [Fact]
    public void A_fused_slope_is_exact_in_double()
    {
        using Device simulator = KernelDevice.Open();
        foreach (Device device in (Device[])[Cpu, simulator])
        {
            Storage a = device.Allocate(DType.Float64, 3), b = device.Allocate(DType.Float64, 2), fused = device.Allocate(DType.Float64, 6);
            Storage product = device.Allocate(DType.Float64, 6);
            a.CopyFrom<double>([-1.1, 0.3, -7]);
            b.CopyFrom<double>([1 / 3.0, -5]);
            MatMul.Run(a, b, fused, new MatMulShape(3, 2, 1), activation: Activation.LeakyRelu(0.2));
            MatMul.Run(a, b, product, new MatMulShape(3, 2, 1));
            double[] expected = new double[6], found = new double[6];
            product.CopyTo<double>(expected);
            fused.CopyTo<double>(found);
            Assert.Equal(expected.Select(x => x < 0 ? x * 0.2 : x), found);
        }
    }

    [Fact]
    public void Empty_products_do_nothing()
    {
        Storage none = Cpu.Allocate(DType.Float32, 0), some = Cpu.Allocate(DType.Float32, 12);
        Storage result = Cpu.Allocate(DType.Float32, 0);
        MatMul.Run(none, some, result, new MatMulShape(0, 4, 3));
        MatMul.Run(some, none, result, new MatMulShape(4, 0, 3));
        MatMul.Run(none, some, result, new MatMulShape(2, 4, 3, Batch: 0) with { TransposeA = true, StrideB = 0 });
    }

    [Fact]
    public void Wrong_arguments_are_named_with_what_was_expected_and_found()
    {
        using CpuDevice device = new(1), other = new(1);
        Storage a = device.Allocate(DType.Float32, 6), b = device.Allocate(DType.Float32, 12), c = device.Allocate(DType.Float32, 8);
        MatMulShape shape = new(2, 4, 3);
        RefusedExactly("MatMul: a must hold 8 elements for [2, 4] x [4, 4], found 6.", () => MatMul.Run(a, b, c, shape with { K = 4 }));
        RefusedExactly("MatMul: b must hold 15 elements for [2, 3] x [5, 3]^T, found 12.",
            () => MatMul.Run(a, b, c, shape with { N = 5, TransposeB = true }));
        RefusedExactly("MatMul: c must hold 8 elements for [2, 3] x [3, 4], found 12.",
            () => MatMul.Run(a, b, device.Allocate(DType.Float32, 12), shape));
        RefusedExactly("MatMul: bias must hold 4 elements for [2, 3] x [3, 4], found 2.",
            () => MatMul.Run(a, b, c, shape, device.Allocate(DType.Float32, 2)));
        RefusedExactly("MatMul: extents must not be negative, found M = -2, N = 4, K = 3, Batch = 1.",
            () => MatMul.Run(a, b, c, shape with { M = -2 }));
        RefusedExactly("MatMul: batch strides must not be negative, found StrideA = -1, StrideB = .",
            () => MatMul.Run(a, b, c, shape with { StrideA = -1 }));
        RefusedExactly("MatMul: all arguments must hold one type, found Float32 and Float64.",
            () => MatMul.Run(a, b, device.Allocate(DType.Float64, 8), shape));
        RefusedExactly("MatMul: the arguments must hold Float32 or Float64, found Int32.",
            () => MatMul.Run(device.Allocate(DType.Int32, 6), device.Allocate(DType.Int32, 12), device.Allocate(DType.Int32, 8), shape));
        RefusedExactly("MatMul: c must not be a: it is written while that is read.",
            () => MatMul.Run(a, device.Allocate(DType.Float32, 9), a, new MatMulShape(2, 3, 3)));
        RefusedExactly("MatMul: expected an activation, found 99.",
            () => MatMul.Run(a, b, c, shape, activation: new Activation((ActivationKind)99)));
        Storage elsewhere = other.Allocate(DType.Float32, 8);
        Refused("one device", () => MatMul.Run(a, b, elsewhere, shape));
        a.Release();
        Assert.Throws<ObjectDisposedException>(() => MatMul.Run(a, b, c, shape));
    }
}
