using Engine.Kernels.Gemm.Host;

namespace Engine.Tests.Gemm;

public sealed class MatMulTests() : IsolatedTests(threads: 2)
{
    /// <summary>
    /// 1, 2, primes, and sizes beside the tiles (8 and 4 rows, 12, 16, 24, 48 columns) and the blocks (512 or 256 deep, 192 rows).
    /// </summary>
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 1, 1, 37 }, { 1, 17, 3 }, { 2, 3, 5 }, { 3, 2, 7 }, { 5, 1, 64 }, { 7, 7, 7 },
        { 8, 48, 16 }, { 9, 49, 17 }, { 7, 47, 15 }, { 4, 24, 8 }, { 5, 25, 9 }, { 13, 31, 29 }, { 16, 64, 1 }, { 64, 1, 256 },
        { 256, 1, 64 }, { 1, 64, 1030 }, { 37, 5, 257 }, { 64, 6, 31 }, { 23, 97, 255 }, { 61, 67, 71 }, { 8, 16, 513 }, { 193, 17, 5 },
        { 194, 20, 515 }, { 3, 784, 2 }, { 64, 256, 100 }, { 33, 145, 0 }, { 5, 3, 0 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Every_form_agrees_with_the_triple_loop_in_float(int m, int n, int k) => EveryForm<float>(m, n, k, 2e-6);

    [Theory, MemberData(nameof(Shapes))]
    public void Every_form_agrees_with_the_triple_loop_in_double(int m, int n, int k) => EveryForm<double>(m, n, k, 4e-15);

    [Theory, Rows("7 9 11 3, 64 48 16 5, 17 3 33 20, 128 96 70 2, 3 50 0 2")]
    public void Batches_and_shared_operands_agree_with_the_triple_loop(int m, int n, int k, int batch)
    {
        (int?, int?)[] strides = [(null, null), (0, null), (null, 0), (0, 0), ((m * k) + 3, (k * n) + 5)];
        foreach (bool ta in (bool[])[false, true])
            foreach (bool tb in (bool[])[false, true])
                foreach ((int? strideA, int? strideB) in strides)
                {
                    MatMulShape shape = new(m, n, k, ta, tb, batch, strideA, strideB);
                    Case<float> x = new(shape, bias: true, Activation.Relu, accumulate: false, seed: m + n);
                    x.Check(x.Run(Cpu), 2e-6);
                }
    }

    [Theory, Rows("64 256 100, 64 784 129, 129 97 300, 500 3 70, 1 1000 600, 777 333 64")]
    public void The_number_of_threads_does_not_change_a_bit(int m, int n, int k)
    {
        using CpuDevice one = new(1), two = new(2), three = new(3), seven = new(7);
        foreach (bool ta in (bool[])[false, true])
            foreach (bool tb in (bool[])[false, true])
            {
                Case<float> x = new(new MatMulShape(m, n, k, ta, tb), bias: true, Activation.Tanh, accumulate: true, seed: 5);
                float[] expected = x.Run(one);
                Assert.Equal(expected, x.Run(two));
                Assert.Equal(expected, x.Run(three));
                Assert.Equal(expected, x.Run(seven));
            }
    }

    [Theory, Rows("64 256 100, 37 97 300, 100 3 70")]
    public void The_width_of_the_vectors_does_not_change_a_bit(int m, int n, int k)
    {
        MatMulShape shape = new(m, n, k);
        Case<float> x = new(shape, bias: true, Activation.LeakyRelu(0.1f), accumulate: false, seed: 3);
        float[] expected = x.Run<Float512>(Cpu);
        Assert.Equal(expected, x.Run<Float256>(Cpu));
        Assert.Equal(expected, x.Run<Float128>(Cpu));
        Case<double> y = new(shape, bias: true, Activation.LeakyRelu(0.1f), accumulate: false, seed: 3);
        double[] expectedInDouble = y.Run<Double512>(Cpu);
        Assert.Equal(expectedInDouble, y.Run<Double256>(Cpu));
        Assert.Equal(expectedInDouble, y.Run<Double128>(Cpu));
    }

    [Fact]
    public void An_element_does_not_depend_on_where_it_stands()
    {
        // Row 0 and column 0 of a large product against the product of that row and that column alone.
        Case<float> whole = new(new MatMulShape(77, 131, 301), bias: false, Activation.None, accumulate: false, seed: 8);
        float[] c = whole.Run(Cpu);
        Storage row = Upload(Cpu, whole.A[..301]), b = Upload(Cpu, whole.B), line = Cpu.Allocate(DType.Float32, 131);
        MatMul.Run(row, b, line, new MatMulShape(1, 131, 301));
        Assert.Equal(c[..131], line.AsSpan<float>().ToArray());
        Storage a = Upload(Cpu, whole.A), column = Cpu.Allocate(DType.Float32, 77);
        float[] first = [.. Enumerable.Range(0, 301).Select(i => whole.B[i * 131])];
        MatMul.Run(a, Upload(Cpu, first), column, new MatMulShape(77, 1, 301));
        Assert.Equal(Enumerable.Range(0, 77).Select(i => c[i * 131]), column.AsSpan<float>().ToArray());
    }

    [Theory, Rows("37 50 600 false, 37 50 600 true, 64 48 64 false, 5 3 7 true")]
    public void Only_the_elements_of_the_result_are_written(int m, int n, int k, bool across)
    {
        // A result amid guards: two elements behind each row (or column) and a border around the whole, for two matrices.
        using CpuDevice device = new(3);
        const float Guard = 77;
        int line = (across ? m : n) + 2, matrix = line * (across ? n : m), border = 40;
        float[] target = [.. Enumerable.Repeat(Guard, (2 * matrix) + (2 * border))];
        Case<float> x = new(new MatMulShape(m, n, k, Batch: 2), bias: false, Activation.None, accumulate: false, seed: 4);
        unsafe
        {
            fixed (float* a = x.A, b = x.B, c = target)
            {
                MatrixOperand<float> left = new(a, k, m * k, false), right = new(b, n, k * n, true);
                Output<float> output = across ? new(c + border, 1, line, matrix) : new(c + border, line, 1, matrix);
                HostGemm<Float512, float>.Run(device, new(2, m, n, k), left, right, output, default, Activation.None, accumulate: false);
            }
        }

        float[] expected = x.Run(device), dense = new float[2 * m * n];
        for (int item = 0, at = 0; item < 2; item++)
            for (int i = 0; i < m; i++)
                for (int j = 0; j < n; j++, at++)
                {
                    ref float found = ref target[border + (item * matrix) + (across ? (j * line) + i : (i * line) + j)];
                    (dense[at], found) = (found, Guard);
                }

        Assert.Equal(expected, dense);
        Assert.All(target, value => Assert.Equal(Guard, value));
    }

    [Fact]
    public void NaN_and_infinity_reach_the_result()
    {
        using CpuDevice device = new(1);
        Storage a = Upload(device, [float.NaN, 1f, float.PositiveInfinity, 0f]), b = Upload(device, [1f, 0f]);
        Storage c = device.Allocate(DType.Float32, 2);
        MatMul.Run(a, b, c, new MatMulShape(2, 1, 2), activation: Activation.Relu);
        Assert.Equal([float.NaN, float.PositiveInfinity], c.AsSpan<float>().ToArray());
    }

    [Fact]
    public void A_product_takes_no_managed_memory_and_gives_its_workspace_back()
    {
        Storage a = Cpu.Allocate(DType.Float32, 64 * 512), b = Cpu.Allocate(DType.Float32, 512 * 256);
        Storage c = Cpu.Allocate(DType.Float32, 64 * 256);
        a.AsSpan<float>().Fill(1);
        b.AsSpan<float>().Fill(2);
        for (int i = 0; i < 50; i++) MatMul.Run(a, b, c, new MatMulShape(64, 256, 512));
        long held = Cpu.MemoryInUse, least = long.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            // The least of several rounds: on a busy machine the runtime's locks allocate when they are waited for.
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 50; i++) MatMul.Run(a, b, c, new MatMulShape(64, 256, 512), activation: Activation.None);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        Assert.Equal(held, Cpu.MemoryInUse);
        Assert.All(c.AsSpan<float>().ToArray(), x => Assert.Equal(1024f, x));
    }

    private static void EveryForm<T>(int m, int n, int k, double tolerance) where T : unmanaged, System.Numerics.INumber<T>
    {
        using CpuDevice device = new(2);
        int form = 0;
        foreach (bool ta in (bool[])[false, true])
            foreach (bool tb in (bool[])[false, true])
                foreach (bool bias in (bool[])[false, true])
                    foreach (bool accumulate in (bool[])[false, true])
                    {
                        Activation activation = Activations.All[form % Activations.All.Length];
                        Case<T> x = new(new MatMulShape(m, n, k, ta, tb), bias, activation, accumulate, form++);
                        x.Check(x.Run(device), tolerance);
                        x.CheckOnNarrowVectors(device, tolerance);
                    }
    }

    private static Storage Upload(CpuDevice device, float[] values)
    {
        Storage storage = device.Allocate(DType.Float32, values.Length);
        storage.CopyFrom<float>(values);
        return storage;
    }

    /// <summary>One product with random contents: run on a device, held against the definition in float64.</summary>
    private sealed class Case<T> where T : unmanaged, System.Numerics.INumber<T>
    {
        private readonly MatMulShape _shape;
        private readonly Activation _activation;
        private readonly bool _accumulate;
        private readonly T[]? _bias;
        private readonly T[] _c;
        private (double Value, double Size)[]? _expected;

        internal Case(MatMulShape shape, bool bias, Activation activation, bool accumulate, int seed)
        {
            Random random = new(seed);
            T[] Fill(long length) => [.. Enumerable.Range(0, (int)length).Select(_ => T.CreateChecked((random.NextDouble() * 2) - 1))];
            _shape = shape;
            _activation = activation;
            _accumulate = accumulate;
            A = Fill(shape.LengthA);
            B = Fill(shape.LengthB);
            _c = Fill(shape.LengthC);
            _bias = bias ? Fill(shape.N) : null;
        }

        internal T[] A { get; }

        internal T[] B { get; }

        internal T[] Run(CpuDevice device) => Run(device, (a, b, c, bias) => MatMul.Run(a, b, c, _shape, bias, _activation, _accumulate));

        internal T[] Run<TV>(CpuDevice device) where TV : unmanaged, IVectorLane<TV, T> =>
            Run(device, (a, b, c, bias) => HostMatMul.Run<TV, T>(device, a, b, c, _shape, bias, _activation, _accumulate));

        internal void CheckOnNarrowVectors(CpuDevice device, double tolerance)
        {
            if (this is Case<float> single)
            {
                Check((T[])(object)single.Run<Float256>(device), tolerance);
                Check((T[])(object)single.Run<Float128>(device), tolerance);
            }
            else if (this is Case<double> twice)
            {
                Check((T[])(object)twice.Run<Double256>(device), tolerance);
                Check((T[])(object)twice.Run<Double128>(device), tolerance);
            }
        }

        /// <summary>|error| &lt;= tolerance * sqrt(K) * sum |a b|, the bias and the result itself counted in.</summary>
        internal void Check(T[] found, double tolerance)
        {
            (double Value, double Size)[] expected = _expected ??= Expected();
            double allowed = tolerance * Math.Sqrt(Math.Max(_shape.K, 1));
            for (int i = 0; i < expected.Length; i++)
            {
                if (!(Math.Abs(Of(found[i]) - expected[i].Value) <= allowed * expected[i].Size))
                {
                    Assert.Fail(
                        $"{_shape}, {_activation}, accumulate {_accumulate}: element {i} is {found[i]}, expected {expected[i].Value}.");
                }
            }
        }

        private (double Value, double Size)[] Expected()
        {
            (int m, int n, int k, bool ta, bool tb, int batch, int? strideA, int? strideB) = _shape;
            (double, double)[] result = new (double, double)[_shape.LengthC];
            for (int item = 0, at = 0; item < batch; item++)
                for (int i = 0; i < m; i++)
                    for (int j = 0; j < n; j++, at++)
                    {
                        double sum = _accumulate ? Of(_c[at]) : 0, size = Math.Abs(sum);
                        for (int p = 0; p < k; p++)
                        {
                            double x = Of(A[(item * (strideA ?? m * k)) + (ta ? (p * m) + i : (i * k) + p)]);
                            double y = Of(B[(item * (strideB ?? k * n)) + (tb ? (j * k) + p : (p * n) + j)]);
                            sum += x * y;
                            size += Math.Abs(x * y);
                        }

                        double b = _bias is null ? 0 : Of(_bias[j]), value = Activations.Apply(_activation, sum + b);
                        result[at] = (value, size + Math.Abs(b) + Math.Abs(value));
                    }

            return result;
        }

        private static double Of(T x) => double.CreateChecked(x);

        /// <summary>C lies within a block whose end the pool rounds up: the words behind it must be left alone.</summary>
        private unsafe T[] Run(CpuDevice device, Action<Storage, Storage, Storage, Storage?> product)
        {
            Storage Upload(T[] values)
            {
                Storage storage = device.Allocate(DTypes.Of<T>(), values.Length);
                storage.CopyFrom<T>(values);
                return storage;
            }

            Storage a = Upload(A), b = Upload(B), c = Upload(_c);
            Storage? bias = _bias is null ? null : Upload(_bias);
            long room = HostMemoryPool.RoundUp((long)c.Length * sizeof(T)) / sizeof(T);
            T guard = T.CreateChecked(12345);
            Span<T> block = new(c.HostPointer, (int)room);
            block[c.Length..].Fill(guard);
            product(a, b, c, bias);
            foreach (T x in block[c.Length..]) Assert.Equal(guard, x);
            T[] result = c.AsSpan<T>().ToArray();
            a.Release();
            b.Release();
            c.Release();
            bias?.Release();
            return result;
        }
    }
}
