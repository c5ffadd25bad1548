namespace Engine.Tests.Lanes;

/// <summary>Bounds are the maxima that the summaries of <see cref="LaneMath"/> promise.</summary>
public sealed class LaneMathTests
{
    private const float All = float.PositiveInfinity;
    private const float Turns = 102000;

    [Fact] public void Exp_of_float32_is_within_its_bound() => Floats<ExpFunction>(0.99, -All, All);
    [Fact] public void Expm1_of_float32_is_within_its_bound() => Floats<Expm1Function>(1.53, -All, All);
    [Fact] public void Log_of_float32_is_within_its_bound() => Floats<LogFunction>(0.83, float.Epsilon, All);
    [Fact] public void Log1p_of_float32_is_within_its_bound() => Floats<Log1pFunction>(1.46, -1, All);
    [Fact] public void Tanh_of_float32_is_within_its_bound() => Floats<TanhFunction>(2.48, -All, All);
    [Fact] public void Sigmoid_of_float32_is_within_its_bound() => Floats<SigmoidFunction>(2.25, -All, All);
    [Fact] public void Softplus_of_float32_is_within_its_bound() => Floats<SoftplusFunction>(1.72, -All, All);
    [Fact] public void Erf_of_float32_is_within_its_bound() => Floats<ErfFunction>(1.19, -All, All);
    [Fact] public void Sin_of_float32_is_within_its_bound() => Floats<SinFunction>(2.99, -Turns, Turns);
    [Fact] public void Cos_of_float32_is_within_its_bound() => Floats<CosFunction>(3.22, -Turns, Turns);
    [Fact] public void Exp_of_float64_is_within_its_bound() => Doubles<ExpFunction>(1.005, -746, 709.7);
    [Fact] public void Expm1_of_float64_is_within_its_bound() => Doubles<Expm1Function>(2.06, -50, 709);
    [Fact] public void Log_of_float64_is_within_its_bound() => Doubles<LogFunction>(0.85, 5e-324, 1.7e308);
    [Fact] public void Log1p_of_float64_is_within_its_bound() => Doubles<Log1pFunction>(1.22, -0.9999999, 1.7e308);
    [Fact] public void Tanh_of_float64_is_within_its_bound() => Doubles<TanhFunction>(2.57, -25, 25);
    [Fact] public void Sigmoid_of_float64_is_within_its_bound() => Doubles<SigmoidFunction>(2.18, -745, 45);
    [Fact] public void Softplus_of_float64_is_within_its_bound() => Doubles<SoftplusFunction>(1.62, -745, 45);
    [Fact] public void Erf_of_float64_is_within_its_bound() => Doubles<ErfFunction>(1.4, -7, 7);
    [Fact] public void Sin_of_float64_is_within_its_bound() => Doubles<SinFunction>(2.29, -1.6e6, 1.6e6);
    [Fact] public void Cos_of_float64_is_within_its_bound() => Doubles<CosFunction>(2.28, -1.6e6, 1.6e6);

    [Fact]
    public void The_float64_reference_agrees_with_the_runtime_where_the_runtime_has_the_function()
    {
        foreach (double x in Spread(-30, 30, 4096))
        {
            Assert.True(Ulp.Error(Math.Exp(x), ExpFunction.Exact(x)) < 1.1, $"exp {x:R}");
            Assert.True(Ulp.Error(Math.Tanh(x), TanhFunction.Exact(x)) < 3, $"tanh {x:R}");
            Assert.True(Ulp.Error(Math.Sin(x), SinFunction.Exact(x)) < 1.1, $"sin {x:R}");
            Assert.True(Ulp.Error(Math.Cos(x), CosFunction.Exact(x)) < 1.1, $"cos {x:R}");
            if (x > 0) Assert.True(Ulp.Error(Math.Log(x), LogFunction.Exact(x)) < 1.1, $"log {x:R}");
        }
    }

    // erf from tables to 16 digits: Abramowitz and Stegun, 7.1.
    [Theory, Rows("0.1 0.1124629160182849, 0.5 0.5204998778130465, 1 0.8427007929497149, 2 0.9953222650189527, 3 0.9999779095030014")]
    public void Erf_has_the_values_of_the_tables(double x, double expected)
    {
        Assert.Equal(expected, LaneMath.Erf(new DoubleScalar(x)).Value, 15);
        Assert.Equal(expected, ErfFunction.Exact(x).Hi, 15);
    }

    [Fact] public void Exp_has_its_limits() => Values<ExpFunction>((-All, 0), (All, All), (0, 1), (-0f, 1), (89, All), (-104, 0));

    [Fact]
    public void Expm1_has_its_limits() =>
        Values<Expm1Function>((-All, -1), (All, All), (0, 0), (-0f, -0f), (1e-45f, 1e-45f), (89, All));

    [Fact]
    public void Log_has_its_limits() =>
        Values<LogFunction>((0, -All), (-0f, -All), (All, All), (1, 0), (-1, float.NaN), (-All, float.NaN), (-1e-45f, float.NaN));

    [Fact]
    public void Log1p_has_its_limits() =>
        Values<Log1pFunction>((-1, -All), (0, 0), (-0f, -0f), (All, All), (-2, float.NaN), (-All, float.NaN), (1e-45f, 1e-45f));

    [Fact] public void Tanh_has_its_limits() => Values<TanhFunction>((-All, -1), (All, 1), (0, 0), (-0f, -0f), (1e-45f, 1e-45f), (20, 1));
    [Fact] public void Sigmoid_has_its_limits() => Values<SigmoidFunction>((-All, 0), (All, 1), (0, 0.5f), (-0f, 0.5f), (40, 1));
    [Fact] public void Softplus_has_its_limits() => Values<SoftplusFunction>((-All, 0), (All, All), (1e30f, 1e30f), (0, 0.6931472f));
    [Fact] public void Erf_has_its_limits() => Values<ErfFunction>((-All, -1), (All, 1), (0, 0), (-0f, -0f), (7, 1));

    [Fact]
    public void Sin_has_its_limits() =>
        Values<SinFunction>((0, 0), (-0f, -0f), (All, float.NaN), (-All, float.NaN), (1e-45f, 1e-45f));

    [Fact] public void Cos_has_its_limits() => Values<CosFunction>((0, 1), (All, float.NaN), (-All, float.NaN), (1e-30f, 1));

    [Fact]
    public void The_tails_reach_the_smallest_numbers()
    {
        Assert.Equal(3.783506e-44f, LaneMath.Sigmoid(new FloatScalar(-100)).Value);
        Assert.Equal((float)Math.Exp(-50), LaneMath.Softplus(new FloatScalar(-50)).Value);
        Assert.Equal((float)Math.Exp(-100), LaneMath.Softplus(new FloatScalar(-100)).Value);
    }

    [Fact]
    public void Sin_and_cos_of_huge_numbers_stay_in_their_range()
    {
        for (float x = 1e5f; x < 1e38f; x *= 1.37f)
        {
            Assert.InRange(LaneMath.Sin(new FloatScalar(x)).Value, -1.0001f, 1.0001f);
            Assert.InRange(LaneMath.Cos(new FloatScalar(-x)).Value, -1.0001f, 1.0001f);
        }
    }

    private static void Floats<TFunction>(double bound, float low, float high) where TFunction : ILaneFunction
    {
        // A prime stride visits all low digits of the mantissa.
        WithinBound(bound, Ulp.OverFloats<TFunction>(3001, low, high));
    }

    private static void Doubles<TFunction>(double bound, double low, double high) where TFunction : ILaneFunction
    {
        double[] x = [.. Spread(low, high, 8192), .. Spread(Math.Max(low, -5), Math.Min(high, 5), 8192), .. Magnitudes(low, high, 8192)];
        WithinBound(bound, Ulp.OverDoubles<TFunction>(x));
    }

    private static void WithinBound(double bound, Ulp.Worst[] worst)
    {
        for (int i = 0; i < worst.Length; i++) Assert.True(worst[i].Error <= bound, $"{Ulp.Kinds[i]}: {worst[i]}");
    }

    private static unsafe void Values<TFunction>(params (float X, float Y)[] values) where TFunction : ILaneFunction
    {
        foreach ((float x, float y) in values.Append((float.NaN, float.NaN)))
        {
            string what = $"{typeof(TFunction).Name} of {x:R}";
            float[] found =
            [
                TFunction.Apply(Float512.Fill(x)).Value[3], TFunction.Apply(Float256.Fill(x)).Value[3],
                TFunction.Apply(Float128.Fill(x)).Value[3], TFunction.Apply(new FloatScalar(x)).Value,
            ];
            foreach (float f in found)
                Assert.True(f.Equals(y) && (float.IsNaN(y) || float.IsNegative(f) == float.IsNegative(y)),
                    $"{what}: expected {y:R}, found {f:R}");

            // What float32 rounds to a limit, float64 may still tell from it.
            if (x != 0 && !float.IsInfinity(x) && !float.IsNaN(y)) continue;
            double[] inDouble =
            [
                TFunction.Apply(Double512.Fill(x)).Value[3], TFunction.Apply(Double256.Fill(x)).Value[3],
                TFunction.Apply(Double128.Fill(x)).Value[1], TFunction.Apply(new DoubleScalar(x)).Value,
            ];
            foreach (double d in inDouble) Assert.True(((float)d).Equals(y), $"{what} in float64: expected {y:R}, found {d:R}");
        }
    }

    private static IEnumerable<double> Spread(double low, double high, int count)
    {
        Random random = new(1);
        for (int i = 0; i < count; i++) yield return low + random.NextDouble() * (high - low) * (1 - 1e-9);
    }

    /// <summary>Numbers of every magnitude from the smallest up, of both signs where the range has both.</summary>
    private static IEnumerable<double> Magnitudes(double low, double high, int count)
    {
        Random random = new(2);
        for (int i = 0; i < count; i++)
        {
            double limit = low < 0 && i % 2 == 0 ? low : high;
            double bottom = -1022 * Math.Log(2);
            yield return Math.CopySign(Math.Exp(bottom + random.NextDouble() * (Math.Log(Math.Abs(limit)) - bottom)), limit);
        }
    }
}
