namespace Engine.Tests.Gemm;

/// <summary>Every rung of the ladder against the triple loop in float64.</summary>
[Collection("simulator")]
public sealed class MatMulSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    public static TheoryData<int> Rungs => [.. Enumerable.Range(1, KernelDevice.LastRung)];

    [Theory, MemberData(nameof(Rungs))]
    public void Shapes_on_and_beside_the_tiles_of_16(int rung)
    {
        int form = 0;
        foreach ((int m, int n, int k) in (
            (int, int, int)[])[(1, 1, 1), (3, 5, 7), (16, 16, 16), (17, 15, 9), (15, 33, 17), (32, 16, 8), (4, 1, 12), (5, 4, 0)])
            foreach (bool transposeA in (bool[])[false, true])
                foreach (bool transposeB in (bool[])[false, true])
                {
                    // From the register tiles on all layouts are tried on the shapes beside the tiles, the others take one in turn.
                    if (rung >= (int)KernelRung.RegisterTile && KernelDevice.IsSimulator && m is not (15 or 17)
                        && form % 4 != m % 4)
                    {
                        form++;
                        continue;
                    }

                    MatMulShape shape = new(m, n, k, transposeA, transposeB);
                    Check<float>((KernelRung)rung, shape, form % 2 == 0, Activations.All[form % 5], form % 3 == 0, 2e-6);
                    if (form % 8 == 0) Check<double>(
                        (KernelRung)rung, shape, form % 2 == 1, form % 16 == 0 ? Activation.None : Activation.Relu, form % 3 == 1, 4e-15);
                    form++;
                }
    }

    [Theory, Rows("128 128 8, 129 127 17, 132 260 12, 64 68 20, 127 131 7")]
    public void Shapes_on_and_beside_the_tiles_of_128(int m, int n, int k)
    {
        int form = m;
        foreach (bool transposeA in (bool[])[false, true])
            foreach (bool transposeB in (bool[])[false, true])
            {
                for (int rung = (int)KernelRung.RegisterTile; rung <= KernelDevice.LastRung; rung++)
                {
                    Check<float>((KernelRung)rung, new(m, n, k, transposeA, transposeB), form % 2 == 0, Activations.All[form % 5],
                        form % 3 == 0, 2e-6);
                    form++;
                }
            }

        Check<double>(KernelRung.RegisterTile, new(m, n, k), bias: true, Activation.None, accumulate: true, 4e-15);
    }

    [Theory, MemberData(nameof(Rungs))]
    public void Batches_and_shared_operands(int rung)
    {
        foreach ((int? strideA, int? strideB) in ((int?, int?)[])[(null, null), (0, null), (null, 0), (7 * 12 + 3, 12 * 8 + 4)])
            Check<float>((KernelRung)rung, new(7, 8, 12, Batch: 3, StrideA: strideA, StrideB: strideB), bias: true, Activation.Relu,
                accumulate: true,
                2e-6);
    }

    [Theory, MemberData(nameof(Rungs))]
    public void Sums_split_into_parts(int rung)
    {
        int form = 0;
        foreach ((int m, int n, int k, int parts) in (
            (int, int, int, int)[])[(5, 8, 64, 2), (9, 7, 65, 2), (3, 4, 100, 3), (4, 4, 40, 8), (2, 3, 7, 4)])
        {
            Check<float>((KernelRung)rung, new(m, n, k, form % 2 == 0, form % 3 == 0), form % 2 == 1, Activations.All[form % 5],
                form % 2 == 0, 2e-6,
                parts);
            form++;
        }

        Check<float>((KernelRung)rung, new(6, 5, 70, Batch: 2), bias: true, Activation.Relu, accumulate: false, 2e-6, parts: 3);
        Check<double>((KernelRung)rung, new(6, 5, 70), bias: true, Activation.Relu, accumulate: true, 4e-15, parts: 3);
    }

    [Fact]
    public void Small_products_with_long_sums_are_split_so_that_a_card_is_busy()
    {
        Assert.Equal(new(KernelRung.AsyncTile, 12), MatMulPlan.For(new(64, 784, 784), KernelRung.AsyncTile, 132));
        Assert.Equal(new(KernelRung.AsyncTile, 64), MatMulPlan.For(new(512, 128, 100_000, TransposeA: true), KernelRung.AsyncTile, 132));
        Assert.Equal(new(KernelRung.Tf32, 1), MatMulPlan.For(new(4096, 4096, 4096), KernelRung.Tf32, 132));
        Assert.Equal(new(KernelRung.SharedTile, 1), MatMulPlan.For(new(64, 256, 100), KernelRung.AsyncTile, 132));
    }

    [Fact]
    public void Tensor_cores_that_a_device_has_not_are_an_error_only_where_they_are_asked_for_by_number()
    {
        using Device simulator = Device.Open("simulator");
        simulator.Precision = Precision.Tf32;
        Storage a = TwoDevices.With<float>(simulator, [1f + (1f / (1 << 20))]), c = simulator.Allocate(DType.Float32, 1);
        Refused<DeviceException>("needs an NVIDIA card of compute capability 8.0",
            () => GpuMatMul.RunByPlan(new(KernelRung.Tf32), a, a, c, new(1, 1, 1)));
        MatMul.Run(a, a, c, new(1, 1, 1));
        float[] product = new float[1];
        c.CopyTo<float>(product);
        Assert.Equal(1f + (1f / (1 << 19)), product[0]);
    }

    [Fact]
    public void The_product_chooses_a_rung_by_its_shape()
    {
        Assert.Equal(KernelRung.Naive, MatMulPlan.For(new(1, 1000, 1000), KernelRung.RegisterTile, 32).Rung);
        Assert.Equal(KernelRung.SharedTile, MatMulPlan.For(new(64, 256, 100), KernelRung.RegisterTile, 32).Rung);
        Assert.Equal(KernelRung.RegisterTile, MatMulPlan.For(new(1024, 1024, 1024), KernelRung.RegisterTile, 32).Rung);
        Assert.Equal(KernelRung.RegisterTile, MatMulPlan.For(new(128, 128, 64, Batch: 64), KernelRung.RegisterTile, 32).Rung);
        Assert.Equal(KernelRung.Naive, MatMulPlan.For(new(64, 2_000_000, 4), KernelRung.RegisterTile, 32).Rung);
        float[] a = TwoDevices.Random<float>(20 * 12), b = TwoDevices.Random<float>(12 * 10);
        devices.Agree<float>(2e-6, 1, 200, (s, c) => MatMul.Run(s[0], s[1], c, new MatMulShape(20, 10, 12)), a, b);
        Assert.Throws<DeviceException>(
            () => TwoDevices.On(devices.Cpu, new float[4],
                (s, c) => GpuMatMul.RunByPlan(new(KernelRung.Naive), s[0], s[0], c, new(2, 2, 2)),
                new float[4]));
    }

    [Fact]
    public void The_environment_chooses_a_rung_by_its_number()
    {
        Assert.Equal(0, KernelChoice.Of("matmul", null));
        Assert.Equal(2, KernelChoice.Of("matmul", "matmul:2"));
        Assert.Equal(1, KernelChoice.Of("matmul", "conv:6, MatMul:1"));
        Assert.Equal(0, KernelChoice.Of("matmul", "conv:6"));
        Names("matmul has the forms 1 to 6; found 'matmul:7'", "matmul:7");
        Names("conv-host has the forms 1 to 2; found 'conv-host:3'", "conv-host:3");
        Names("as in matmul:2; found 'foo'", "foo");
        Names("as in matmul:2; found 'conv:x'", "matmul:1,conv:x");
        Names("there is no kernel 'foo' with several forms; there are matmul, conv, conv-host", "foo:1");

        static void Names(string why, string wanted) => Refused<DeviceException>(why, () => KernelChoice.Of("matmul", wanted));
    }

    private void Check<T>(KernelRung rung, MatMulShape shape, bool bias, Activation activation, bool accumulate, double tolerance,
        int parts = 1)
        where T : unmanaged, INumber<T>
    {
        // The tensor cores take float32, and round it: to 11 significant bits, or to 8.
        if (rung >= KernelRung.Tf32 && typeof(T) == typeof(double)) return;
        if (rung >= KernelRung.Tf32) tolerance = rung == KernelRung.Tf32 ? 1e-3 : 8e-3;
        (int m, int n, int k, bool ta, bool tb, int batch, int? strideA, int? strideB) = shape;
        T[] a = TwoDevices.Random<T>((int)shape.LengthA, 1, 1), b = TwoDevices.Random<T>((int)shape.LengthB, 1, 2);
        T[] biases = TwoDevices.Random<T>(n, 1, 3), before = TwoDevices.Random<T>((int)shape.LengthC, 1, 4);
        T[] found = TwoDevices.On(
            devices.Gpu, before, (s, c) =>
                GpuMatMul.RunByPlan(new(rung, parts), s[0], s[1], c, shape, bias ? s[2] : null, activation, accumulate), a, b, biases);
        for (int at = 0; at < found.Length; at++)
        {
            int column = at % n, row = at / n % m, item = at / n / m;
            double sum = 0, size = 0;
            Add(accumulate ? Of(before[at]) : 0);
            Add(bias ? Of(biases[column]) : 0);
            for (int p = 0; p < k; p++)
                Add(Of(a[(item * (strideA ?? m * k)) + (ta ? (p * m) + row : (row * k) + p)])
                    * Of(b[(item * (strideB ?? k * n)) + (tb ? (column * k) + p : (p * n) + column)]));
            double expected = Activations.Apply(activation, sum),
                allowed = tolerance * Math.Sqrt(Math.Max(k, 1)) * (size + Math.Abs(expected));
            Assert.True(Math.Abs(Of(found[at]) - expected) <= allowed,
                $"{rung}, {shape}, {activation}, accumulate {accumulate}: [{item}, {row}, {column}] is {found[at]}, expected {expected}");

            void Add(double term)
            {
                sum += term;
                size += Math.Abs(term);
            }
        }
    }

    private static double Of<T>(T x) where T : INumber<T> => double.CreateChecked(x);
}
