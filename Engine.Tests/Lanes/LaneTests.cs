namespace Engine.Tests.Lanes;

/// <summary>The operations of every lane type against plain arithmetic.</summary>
public sealed class LaneTests
{
    private static readonly double[] s_numbers =
    [
        0.0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, 3.75, -7.25, 1e-3, 123456, -98765.5, 1e30, -1e-30,
        double.PositiveInfinity, double.NegativeInfinity, double.NaN,
    ];

    [Fact] public void Float512_computes_as_numbers_do() => Check<Float512>(v => v.Value[5]);
    [Fact] public void Float256_computes_as_numbers_do() => Check<Float256>(v => v.Value[5]);
    [Fact] public void Float128_computes_as_numbers_do() => Check<Float128>(v => v.Value[2]);
    [Fact] public void FloatScalar_computes_as_numbers_do() => Check<FloatScalar>(v => v.Value);
    [Fact] public void Double512_computes_as_numbers_do() => Check<Double512>(v => v.Value[3]);
    [Fact] public void Double256_computes_as_numbers_do() => Check<Double256>(v => v.Value[3]);
    [Fact] public void Double128_computes_as_numbers_do() => Check<Double128>(v => v.Value[1]);
    [Fact] public void DoubleScalar_computes_as_numbers_do() => Check<DoubleScalar>(v => v.Value);

    [Fact]
    public unsafe void Vectors_load_and_store_every_place()
    {
        LoadAndStore<Float512, float>([.. Enumerable.Range(0, 16).Select(i => i + 0.5f)]);
        LoadAndStore<Float256, float>([.. Enumerable.Range(0, 8).Select(i => i + 0.5f)]);
        LoadAndStore<Float128, float>([.. Enumerable.Range(0, 4).Select(i => i + 0.5f)]);
        LoadAndStore<Double512, double>([.. Enumerable.Range(0, 8).Select(i => i + 0.5)]);
        LoadAndStore<Double256, double>([.. Enumerable.Range(0, 4).Select(i => i + 0.5)]);
        LoadAndStore<Double128, double>([.. Enumerable.Range(0, 2).Select(i => i + 0.5)]);
    }

    [Fact]
    public unsafe void The_first_places_are_loaded_and_the_rest_is_padding()
    {
        LoadFirst<Float512, float>();
        LoadFirst<Float256, float>();
        LoadFirst<Float128, float>();
        LoadFirst<Double512, double>();
        LoadFirst<Double256, double>();
        LoadFirst<Double128, double>();
    }

    [Fact]
    public unsafe void The_smaller_and_the_larger_of_two_zeros_have_the_same_sign_in_every_vector()
    {
        foreach ((float x, float y) in ((float, float)[])[(0f, -0f), (-0f, 0f)])
        {
            Assert.Equal(
                [float.IsNegative(y), float.IsNegative(y), float.IsNegative(y)],
                [
                    float.IsNegative(Float512.Min(Float512.Fill(x), Float512.Fill(y)).Value[0]),
                    float.IsNegative(Float256.Min(Float256.Fill(x), Float256.Fill(y)).Value[0]),
                    float.IsNegative(Float128.Min(Float128.Fill(x), Float128.Fill(y)).Value[0]),
                ]);
            Assert.Equal(
                [float.IsNegative(y), float.IsNegative(y), float.IsNegative(y)],
                [
                    double.IsNegative(Double512.Max(Double512.Fill(x), Double512.Fill(y)).Value[0]),
                    double.IsNegative(Double256.Max(Double256.Fill(x), Double256.Fill(y)).Value[0]),
                    double.IsNegative(Double128.Max(Double128.Fill(x), Double128.Fill(y)).Value[0]),
                ]);
        }
    }

    private static unsafe void LoadFirst<TLane, T>() where TLane : unmanaged, IVectorLane<TLane, T> where T : unmanaged, INumber<T>
    {
        T[] x = [.. Enumerable.Range(1, TLane.Count).Select(T.CreateChecked)], y = new T[x.Length];
        for (int count = 0; count < x.Length; count++)
        {
            fixed (T* from = x)
            fixed (T* to = y) TLane.Store(TLane.LoadFirst(from, count, TLane.Of(-1)), to);
            for (int i = 0; i < x.Length; i++) Assert.Equal(i < count ? x[i] : -T.One, y[i]);
        }
    }

    private static unsafe void LoadAndStore<TLane, T>(T[] x) where TLane : unmanaged, IVectorLane<TLane, T> where T : unmanaged
    {
        Assert.Equal(x.Length, TLane.Count);
        T[] y = new T[x.Length];
        fixed (T* from = x)
        fixed (T* to = y) TLane.Store(TLane.Load(from), to);
        Assert.Equal(x, y);
        fixed (T* to = y) TLane.Store(TLane.Fill(x[1]), to);
        Assert.All(y, value => Assert.Equal(x[1], value));
    }

    private static void Check<T>(Func<T, double> number) where T : unmanaged, ILane<T>
    {
        double R(double x) => T.IsDouble ? x : (float)x;
        void Same(string what, double expected, T found)
        {
            double e = R(expected), f = number(found);
            bool same = e.Equals(f) && (double.IsNaN(e) || double.IsNegative(e) == double.IsNegative(f));
            Assert.True(same, $"{typeof(T).Name}: {what}: expected {e:R}, found {f:R}");
        }

        foreach (double a in s_numbers.Select(R))
        {
            T x = T.Of(a);
            Same($"{a}", a, x);
            Same($"-({a})", -a, -x);
            Same($"abs {a}", Math.Abs(a), T.Abs(x));
            Same($"sqrt {a}", T.IsDouble ? Math.Sqrt(a) : MathF.Sqrt((float)a), T.Sqrt(x));
            if (Math.Abs(a) < 4e6 && a != 0) Assert.Equal(Math.Round(a), number(T.Round(x)));
            foreach (double b in s_numbers.Select(R))
            {
                T y = T.Of(b);
                Same($"{a} + {b}", a + b, x + y);
                Same($"{a} - {b}", a - b, x - y);
                Same($"{a} * {b}", a * b, x * y);
                Same($"{a} / {b}", a / b, x / y);
                if (a != b || a != 0) Same($"min {a} {b}", Math.Min(a, b), T.Min(x, y));
                if (a != b || a != 0) Same($"max {a} {b}", Math.Max(a, b), T.Max(x, y));
                if (!double.IsNaN(a)) Same($"copysign {a} {b}", Math.CopySign(a, b), T.CopySign(x, y));
                Same($"{a} < {b}", a < b ? 1 : 2, T.SelectLess(x, y, T.Of(1), T.Of(2)));
                Same($"{a} == {b}", a == b ? 1 : 2, T.SelectEqual(x, y, T.Of(1), T.Of(2)));
            }
        }

        // Exact with or without fusing.
        Same("1.5 * 2.25 + -8", 1.5 * 2.25 - 8, T.MulAdd(T.Of(1.5), T.Of(2.25), T.Of(-8)));
        int low = T.IsDouble ? -1022 : -126, high = T.IsDouble ? 1023 : 127;
        for (int n = low; n <= high; n++)
        {
            Same($"2^{n}", Math.ScaleB(1, n), T.PowerOfTwo(T.Of(n)));
            Same($"exponent 1.75 2^{n}", n, T.Exponent(T.Of(Math.ScaleB(1.75, n))));
            Same($"mantissa 1.75 2^{n}", 1.75, T.Mantissa(T.Of(Math.ScaleB(1.75, n))));
        }

        for (int n = 2 * low; n <= 2 * high; n++)
        {
            foreach (double m in (double[])[0.5, 1, 1.375, -1.75, 2]) Same($"{m} 2^{n}", Math.ScaleB(m, n), T.Scale(T.Of(m), T.Of(n)));
        }
    }
}
