using Engine.Kernels.RandomNumbers.Host;
using Engine.Tests.Lanes;

namespace Engine.Tests.RandomNumbers;

public sealed class RandomKernelTests : IsolatedTests
{
    private const ulong Key = 0x0123456789ABCDEF;

    [Theory, Values(1, 63, 64, 16384, 50021)]
    public void Uniform_numbers_are_the_words_of_their_index(int length)
    {
        const long offset = 64 * 1001;
        float[] y = Floats(length, s => RandomUniform.Run(s, -2, 3, Key, offset));
        double[] z = Doubles(length, s => RandomUniform.Run(s, -2, 3, Key, offset));
        for (int i = 0; i < length; i++)
        {
            uint word = Philox.Word(Key, (ulong)(offset + i)), low = Philox.Word(Key, (ulong)(offset + i), 1);
            Assert.Equal(-2f + (word >> 8) * (1f / (1 << 24)) * 5f, y[i]);
            Assert.Equal(-2 + ((ulong)word << 21 | low >> 11) * (1.0 / (1L << 53)) * 5, z[i]);
        }
    }

    [Fact]
    public void Bernoulli_is_one_where_the_uniform_number_is_below_p()
    {
        foreach (float p in (float[])[0, 1e-3f, 0.1f, 0.5f, 0.9f, 1])
        {
            float[] u = Floats(10007, s => RandomUniform.Run(s, 0, 1, Key, 128));
            float[] y = Floats(10007, s => RandomBernoulli.Run(s, p, Key, 128));
            double[] z = Doubles(10007, s => RandomBernoulli.Run(s, p, Key, 128));
            Assert.Equal(u.Select(v => v < p ? 1f : 0f), y);
            Assert.Equal(y.Select(v => (double)v), z);
        }
    }

    [Fact]
    public void Dropout_keeps_where_the_uniform_number_is_not_below_p_and_scales()
    {
        const float p = 0.3f;
        const int n = 10007;
        float[] u = Floats(n, s => RandomUniform.Run(s, 0, 1, Key, 64));
        float[] x = [.. Enumerable.Range(0, n).Select(i => i % 97 == 0 ? float.PositiveInfinity : MathF.Sin(i) * 10)];
        float[] expected = [.. x.Select((v, i) => u[i] >= p ? v * (float)(1 / (1.0 - p)) : 0)];

        Storage input = Cpu.Allocate(DType.Float32, n);
        input.CopyFrom<float>(x);
        Assert.Equal(expected, Floats(n, s => RandomDropout.Run(input, s, p, Key, 64)));

        // In place, and twice the same mask.
        RandomDropout.Run(input, input, p, Key, 64);
        Assert.Equal(expected, input.AsSpan<float>().ToArray());
        input.CopyFrom<float>(x);
        Assert.Equal(x, Floats(n, s => RandomDropout.Run(input, s, 0, Key, 64)));

        Storage wide = Cpu.Allocate(DType.Float64, n);
        wide.CopyFrom<double>([.. x.Select(v => (double)v)]);
        Assert.Equal(expected.Select(v => v == 0), Doubles(n, s => RandomDropout.Run(wide, s, p, Key, 64)).Select(v => v == 0));
    }

    [Fact]
    public void An_element_depends_on_its_index_alone()
    {
        foreach (Action<Storage, long> kernel in Kernels())
        {
            float[] whole = Floats(40000, s => kernel(s, 0));
            float[] part = Floats(777, s => kernel(s, 64 * 300));
            Assert.Equal(whole.Skip(64 * 300).Take(777), part);
        }
    }

    [Fact]
    public void The_number_of_threads_changes_nothing()
    {
        using CpuDevice four = new(4);
        foreach (Action<Storage, long> kernel in Kernels())
        {
            Storage y = four.Allocate(DType.Float32, 100003);
            kernel(y, 64);
            Assert.Equal(Floats(100003, s => kernel(s, 64)), y.AsSpan<float>().ToArray());
        }
    }

    [Fact]
    public void The_width_of_vectors_changes_nothing()
    {
        const int N = 20011;
        Assert.Equal(Uniform<Float512>(), Uniform<Float256>());
        Assert.Equal(Uniform<Float512>(), Uniform<Float128>());
        Assert.Equal(Normal<Float512>(), Normal<Float256>());
        Assert.Equal(Normal<Float512>(), Normal<Float128>());
        Assert.Equal(NormalInDouble<Double512>(), NormalInDouble<Double256>());
        Assert.Equal(NormalInDouble<Double512>(), NormalInDouble<Double128>());

        float[] Uniform<V>() where V : unmanaged, IVectorLane<V, float> =>
            Floats(N, y => On<RandomUniform.Operation>(y, new(0, 1, 1)).Run<float, V>(Cpu));
        float[] Normal<V>() where V : unmanaged, IVectorLane<V, float> =>
            Floats(N, y => On<RandomNormal.Operation>(y, new(0, 1)).Run<float, V>(Cpu));
        double[] NormalInDouble<V>() where V : unmanaged, IVectorLane<V, double> =>
            Doubles(N, y => On<RandomNormal.Operation>(y, new(0, 1)).Run<double, V>(Cpu));
        HostRandom<TOperation> On<TOperation>(Storage y, TOperation operation) where TOperation : unmanaged, IRandomOperation =>
            new(null, y, operation, Key, 0);
    }

    [Fact]
    public void Normal_numbers_are_those_of_the_transform()
    {
        const int n = 64 * 500;
        float[] y = Floats(n, s => RandomNormal.Run(s, 1, 2, Key, 0));
        double[] z = Doubles(n, s => RandomNormal.Run(s, 1, 2, Key, 0));
        for (int i = 0; i < n; i++)
        {
            // The pairs are sixteen apart.
            bool second = i % 32 >= 16;
            ulong a = (ulong)(second ? i - 16 : i), b = a + 16;
            double u = (Philox.Word(Key, a) + 0.5f) * (1f / (1L << 32)), v = ((Philox.Word(Key, b) >> 9) + 0.5) / (1 << 23);
            double radius = Math.Sqrt(-2 * Math.Log(u));
            double expected = radius * (second ? Math.Sin(2 * Math.PI * v) : Math.Cos(2 * Math.PI * v));
            Assert.True(Math.Abs((y[i] - 1) / 2.0 - expected) < 1e-6 * (1 + Math.Abs(expected)), $"{i}: {expected} {y[i]}");

            u = (Philox.Word(Key, a) + (Philox.Word(Key, a, 1) + 0.5) / (1L << 32)) / (1L << 32);
            v = (Philox.Word(Key, b) + Philox.Word(Key, b, 1) / (double)(1L << 32)) / (1L << 32);
            radius = Math.Sqrt(-2 * Math.Log(u));
            expected = radius * (second ? Math.Sin(2 * Math.PI * v) : Math.Cos(2 * Math.PI * v));
            Assert.True(Math.Abs((z[i] - 1) / 2 - expected) < 1e-14, $"{i}: {expected} {z[i]}");
            Assert.True(Math.Abs(y[i] - z[i]) < 1e-4, $"{i}: {y[i]} {z[i]}");
        }
    }

    [Fact]
    public void Scalar_lanes_give_the_normal_numbers_of_vectors_within_a_few_ulp()
    {
        float[] y = Floats(64 * 200, s => RandomNormal.Run(s, 0, 1, Key, 0));
        for (int i = 0; i < y.Length; i++)
        {
            if (i % 32 >= 16) continue;
            FloatScalar u = new((Philox.Word(Key, (ulong)i) + 0.5f) * (1f / (1L << 32)));
            FloatScalar quarterTurns = new(((Philox.Word(Key, (ulong)(i + 16)) >> 9) + 0.5f) * (4f / (1 << 23)));
            BoxMuller.Pair(u, quarterTurns, out FloatScalar first, out FloatScalar second);
            Assert.True(Ulp.Error(y[i], (double)first.Value) <= 6, $"{i}: {y[i]:R} {first.Value:R}");
            Assert.True(Ulp.Error(y[i + 16], (double)second.Value) <= 6, $"{i}: {y[i + 16]:R} {second.Value:R}");
        }
    }

    [Fact]
    public void The_upper_bound_is_never_reached()
    {
        // One step of float32 apart: rounding alone would give the bound half of the time.
        float high = MathF.BitIncrement(1);
        Assert.All(Floats(1000, s => RandomUniform.Run(s, 1, high, Key, 0)), v => Assert.Equal(1, v));
    }

    [Fact]
    public void Arguments_that_make_no_sense_are_refused()
    {
        Storage y = Cpu.Allocate(DType.Float32, 10);
        Storage labels = Cpu.Allocate(DType.Int32, 10);
        Storage shorter = Cpu.Allocate(DType.Float32, 9);
        using CpuDevice other = new(1);
        Refused("low must be less than high", () => RandomUniform.Run(y, 1, 1, Key, 0));
        Refused("low must be less than high", () => RandomUniform.Run(y, 1, 1 + 1e-12, Key, 0));
        Refused("low must be less than high", () => RandomUniform.Run(y, 0, double.NaN, Key, 0));
        Refused("multiple of 64", () => RandomUniform.Run(y, 0, 1, Key, 10));
        Refused("must be Float32 or Float64, found Int32", () => RandomUniform.Run(labels, 0, 1, Key, 0));
        Refused("not negative, found -1", () => RandomNormal.Run(y, 0, -1, Key, 0));
        Refused("mean must be finite, found NaN", () => RandomNormal.Run(y, double.NaN, 1, Key, 0));
        Refused("found 1.5", () => RandomBernoulli.Run(y, 1.5f, Key, 0));
        Refused("found NaN", () => RandomBernoulli.Run(y, float.NaN, Key, 0));
        Refused("in [0, 1), found 1", () => RandomDropout.Run(y, y, 1, Key, 0));
        Refused("x must hold 10 elements, found 9", () => RandomDropout.Run(shorter, y, 0.5f, Key, 0));
        Refused("one device", () => RandomDropout.Run(other.Allocate(DType.Float32, 10), y, 0.5f, Key, 0));
    }

    private static IEnumerable<Action<Storage, long>> Kernels() =>
    [
        (s, offset) => RandomUniform.Run(s, -1, 1, Key, offset),
        (s, offset) => RandomNormal.Run(s, 0.5, 2, Key, offset),
        (s, offset) => RandomBernoulli.Run(s, 0.3f, Key, offset),
    ];

    private float[] Floats(int length, Action<Storage> kernel) => Values<float>(length, kernel);

    private double[] Doubles(int length, Action<Storage> kernel) => Values<double>(length, kernel);

    private T[] Values<T>(int length, Action<Storage> kernel) where T : unmanaged
    {
        Storage y = Cpu.Allocate(DTypes.Of<T>(), length);
        kernel(y);
        T[] result = y.AsSpan<T>().ToArray();
        y.Release();
        return result;
    }
}
