namespace Engine.Tests.Tensors;

/// <summary>Powers and divisions by constants, beside .NET's, which are IEEE 754's.</summary>
[Collection("simulator")]
public sealed class PowerTests
{
    private static readonly double[] s_bases =
    [
        double.NegativeInfinity, -3, -2, -1.5, -1, -0.0, 0, 0.25, 0.5, 1, 1.5, 2, 3, double.PositiveInfinity, double.NaN,
    ];

    public static TheoryData<double> Exponents =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 31, 32, 33, 34, -1, -2, -3, -4, -5, -32, -33, -34, 0.5, -0.5, 0.25, 1.5, 2.5, -2.5, 3.5, 0.3,
    ];

    [Theory, MemberData(nameof(Exponents))]
    public void Values_and_two_derivatives_are_those_of_the_power(double exponent)
    {
        foreach (Device device in (Device[])[OperationDevices.Cpu, OperationDevices.Gpu])
        {
            foreach (DType type in (DType[])[DType.Float32, DType.Float64])
            {
                using Tape tape = new(device);
                Tensor x = tape.Watch(Make(s_bases, type)), y = x.Pow(exponent);
                Check("value", x => Math.Pow(x, exponent), y);
                Check("derivative", x => exponent == 0 ? 0 : exponent * Math.Pow(x, exponent - 1), tape.Gradient(y.Sum(), x));
                if (exponent is 0 or 1) continue;
                Tensor first = tape.Gradients(y.Sum(), [x], createGraph: true)[0];
                Check("second derivative", x => exponent == 2 ? 2 : exponent * (exponent - 1) * Math.Pow(x, exponent - 2),
                    tape.Gradient(first.Sum(), x));

                void Check(string what, Func<double, double> expected, Tensor got)
                {
                    double[] values = got.ToDoubles();
                    for (int i = 0; i < values.Length; i++)
                    {
                        double right = expected(s_bases[i]);
                        if (type == DType.Float32 && double.IsFinite(right)) right = (float)right;
                        double allowed = double.IsFinite(right) ? Math.Abs(right) * (type == DType.Float32 ? 1e-5 : 1e-13) : 0;
                        Assert.True(
                            right.Equals(values[i]) || Math.Abs(right - values[i]) <= allowed,
                            $"{what} of {s_bases[i]:R}^{exponent}, {type} on {device.Name}: expected {right:R}, got {values[i]:R}");
                    }
                }
            }
        }
    }

    [Theory, Values(4, 5, 10, 13, -4, 32)]
    public void A_whole_power_of_a_whole_number_is_exact(int power)
    {
        double[] bases = [-2, 2, -4, power is > 0 and <= 10 ? 5 : 2];
        using Tape tape = new(OperationDevices.Cpu);
        Assert.Equal(Array.ConvertAll(bases, x => (float)Math.Pow(x, power)), Make(bases, DType.Float32).Pow(power).ToArray());
    }

    [Fact]
    public void A_division_by_a_constant_is_rounded_once()
    {
        float[] x = [.. Enumerable.Range(1, 100).Select(i => (float)i)];
        foreach (Device device in (Device[])[OperationDevices.Cpu, OperationDevices.Gpu])
        {
            using Tape tape = new(device);
            Tensor tensor = tape.Watch(Tensor.From(x, [x.Length]));
            for (int divisor = 1; divisor <= 60; divisor += 2)
            {
                float c = divisor;
                Assert.Equal(Array.ConvertAll(x, value => value / c), (tensor / divisor).ToArray());
                Assert.Equal(Array.ConvertAll(x, value => c / value), (divisor / tensor).ToArray());
                Assert.Equal(Array.ConvertAll(x, value => value / c), (tensor / Tensor.Full([], divisor)).ToArray());
                Assert.Equal(Array.ConvertAll(x, _ => 1 / c), tape.Gradient((tensor / divisor).Sum(), tensor).ToArray());
            }

            float third = 41f / 3;
            Tensor three = tape.Watch(Tensor.From([40f, 1, 0], [3]));
            Assert.Equal((double)third, three.Mean().Item());
            Assert.Equal([1f / 3, 1f / 3, 1f / 3], tape.Gradient(three.Mean(), three).ToArray());
            Assert.Equal((double)third, Loss.L1(three, Tensor.Zeros([3])).Item());
        }
    }

    private static Tensor Make(double[] values, DType type) =>
        type == DType.Float64 ? Tensor.From(values, [values.Length])
            : Tensor.From(Array.ConvertAll(values, x => (float)x), [values.Length]);
}
