namespace Engine.Tests.Gemm;

[Collection("simulator")]
public sealed class ActivationGradientTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    [Theory, Rows("0 3, 4 0, 1 1, 1000 1, 65 3, 7 17, 300 32, 64 1024, 5 2048, 3 2100, 40 2049, 40000 9")]
    public void Gradients_and_their_column_sums_agree_with_plain_float64_loops_on_any_number_of_threads(int rows, int columns)
    {
        Check<float>(rows, columns, 2e-6);
        Check<double>(rows, columns, 4e-15);
    }

    [Theory, Rows("0 3, 1 1, 70 3, 300 2, 6 33")]
    public void The_simulator_agrees_with_the_host(int rows, int columns)
    {
        Simulate<float>(2e-6);
        Simulate<double>(4e-15);

        void Simulate<T>(double tolerance) where T : unmanaged, INumber<T>
        {
            int count = rows * columns;
            T[] g = TwoDevices.Random<T>(count, 1, 2), y = TwoDevices.Random<T>(count, 1, 3);
            foreach (Activation activation in Activations.All)
            {
                devices.Agree<T>(tolerance, 1, count, (s, r) => ActivationGradient.Run(s[0], s[1], activation, rows, columns, r), g, y);
                devices.Agree<T>(tolerance, rows, columns, (s, r) => ActivationGradient.Run(s[0], s[1], activation, rows, columns, s[0], r),
                    g, y);
                devices.Agree<T>(tolerance, 1, count, (s, r) => ActivationGradient.Run(s[0], s[1], activation, rows, columns, r, s[2]), g,
                    y, new T[columns]);
            }
        }
    }

    [Fact]
    public void Storages_that_do_not_fit_are_refused()
    {
        using CpuDevice host = new(1);
        Storage a = host.Allocate(DType.Float32, 6), b = host.Allocate(DType.Float32, 6), three = host.Allocate(DType.Float32, 3),
            whole = host.Allocate(DType.Int32, 6);
        Assert.Throws<ArgumentException>(() => ActivationGradient.Run(a, three, Activation.Relu, 2, 3, b));
        Assert.Throws<ArgumentException>(() => ActivationGradient.Run(a, b, Activation.Relu, 2, 3, a, b));
        Assert.Throws<ArgumentException>(() => ActivationGradient.Run(a, b, Activation.Relu, 3, 2, a, three));
        Assert.Throws<ArgumentException>(() => ActivationGradient.Run(whole, whole, Activation.Relu, 2, 3, whole));
        Assert.Throws<ArgumentException>(() => ActivationGradient.Run(three, three, Activation.Relu, 3, 1, three, three));
        foreach (Storage storage in (Storage[])[a, b, three, whole]) storage.Release();
    }

    [Fact]
    public void A_gradient_that_is_asked_for_is_not_overwritten()
    {
        using CpuDevice host = new(1);
        using Tape tape = new(host);
        Tensor x = tape.Watch(Tensor.From(new float[] { 1, -2, 3, 0.5f }, [2, 2], host)),
            w = tape.Watch(Tensor.From(new float[] { 1, 2, -1, 1 }, [2, 2], host)),
                b = tape.Watch(Tensor.From(new float[] { 1, 2 }, [2], host));
        Tensor y = x.Linear(w, b, Activation.LeakyRelu(0.5));
        Tensor loss = (y * y).Sum();
        Tensor[] plain = tape.Gradients(loss, [x, w, b]);
        Tensor[] more = tape.Gradients(loss, [y, b, x]);
        Tensor[] composed = tape.Gradients(loss, [x, w, b], createGraph: true);
        for (int i = 0; i < plain.Length; i++) Assert.Equal(Values(composed[i]), Values(plain[i]));
        Assert.Equal(Values(plain[2]), Values(more[1]));
        Assert.Equal(Values(plain[0]), Values(more[2]));
        Assert.Equal(Values(y).Select(value => 2 * value), Values(more[0]));
    }

    [Fact]
    public void A_layer_that_is_used_twice_adds_up_both_bias_gradients()
    {
        using CpuDevice host = new(1);
        using Tape tape = new(host);
        Tensor x = tape.Watch(Tensor.From(new float[] { 1, -2, 3, 0.5f }, [2, 2], host)),
            w = tape.Watch(Tensor.From(new float[] { 1, 2, -1, 1 }, [2, 2], host)),
                b = tape.Watch(Tensor.From(new float[] { 1, 2 }, [2], host));
        Tensor loss = x.Linear(w, b, Activation.Tanh).Linear(w, b, Activation.Sigmoid).Sum();
        Tensor fused = tape.Gradient(loss, b);
        Near(tape.Gradient(loss, b, createGraph: true), fused, 1e-5);
    }

    private static float[] Values(Tensor tensor)
    {
        float[] values = new float[tensor.Count];
        tensor.Storage.CopyTo<float>(values);
        return values;
    }

    private static void Check<T>(int rows, int columns, double tolerance) where T : unmanaged, INumber<T>
    {
        int count = rows * columns;
        T[] g = TwoDevices.Random<T>(count, 1, 2), y = TwoDevices.Random<T>(count, 1, 3);
        foreach (Activation activation in Activations.All)
        {
            (T[] result, T[] sums) = Run(1, inPlace: false);
            double[] expected = new double[columns], lost = new double[columns];
            for (int i = 0; i < count; i++)
            {
                double value = Activations.Derivative(activation, double.CreateTruncating(y[i])) * double.CreateTruncating(g[i]);
                Assert.True(Math.Abs(value - double.CreateTruncating(result[i])) <= tolerance,
                    $"{activation.Kind}, element {i}: {result[i]}, expected {value}");

                // With what rounding loses: a plain loop would be worse than the kernel, which adds block by block.
                double sum = expected[i % columns] + value;
                lost[i % columns] += Math.Abs(sum) > Math.Abs(value) ? expected[i % columns] - sum + value
                    : value - sum + expected[i % columns];
                expected[i % columns] = sum;
            }

            for (int c = 0; c < columns; c++) expected[c] += lost[c];

            for (int c = 0; c < columns; c++)
            {
                Assert.True(
                    Math.Abs(expected[c] - double.CreateTruncating(sums[c])) <= tolerance * (1 + Math.Sqrt(rows)),
                    $"{activation.Kind}, sum {c}: {sums[c]}, expected {expected[c]}");
            }

            foreach (int threads in (int[])[1, 2, 3])
            {
                (T[] again, T[] sumsAgain) = Run(threads, inPlace: true);
                Assert.Equal(result, again);
                Assert.Equal(sums, sumsAgain);
            }

            (T[], T[]) Run(int threads, bool inPlace)
            {
                using CpuDevice host = new(threads);
                Storage from = TwoDevices.With<T>(host, g), output = TwoDevices.With<T>(host, y),
                    to = inPlace ? from : TwoDevices.With<T>(host, g), columnSums = host.Allocate(from.DType, columns);
                Move.Fill(columnSums, 7);
                ActivationGradient.Run(from, output, activation, rows, columns, to, columnSums);
                (T[] elements, T[] total) = (new T[count], new T[columns]);
                to.CopyTo<T>(elements);
                columnSums.CopyTo<T>(total);
                return (elements, total);
            }
        }
    }
}
