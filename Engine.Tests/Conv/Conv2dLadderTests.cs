using Engine.Kernels.Conv;
using Engine.Kernels.Conv.Gpu;
using Conv2d = Engine.Kernels.Conv.Conv2d;

namespace Engine.Tests.Conv;

/// <summary>Every rung of the GPU kernels on the simulator beside the host.</summary>
[Collection("simulator")]
public sealed class Conv2dLadderTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    private static readonly Conv2dShape[] s_shapes =
    [
        new(1, 1, 1, 1, 1, 1, 1),
        new(2, 5, 4, 3, 5, 3, 3, Padding: Conv2dPadding.All(1)),
        new(1, 7, 6, 2, 3, 4, 3, 2, 3, new(1, 2, 0, 1)),
        new(1, 6, 5, 18, 17, 2, 2),
        new(2, 9, 9, 1, 70, 5, 5, 2, 2, Conv2dPadding.Same(9, 9, 5, 5, 2, 2)),
        new(1, 9, 7, 4, 6, 3, 3, 2, 2, Conv2dPadding.All(2), 2, 3, 2),
        new(1, 9, 8, 2, 2, 3, 2, 4, 4, Conv2dPadding.All(1), 2, 2),
        new(1, 4, 4, 6, 6, 3, 3, 1, 1, Conv2dPadding.All(1), 1, 1, 6),
        new(1, 2, 3, 2, 3, 2, 3, 5, 5, Conv2dPadding.All(1)),
        new(3, 5, 5, 66, 5, 1, 1),
        new(2, 5, 4, 3, 5, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 4 },
        new(1, 7, 6, 3, 4, 5, 5, 2, 3, Padding: Conv2dPadding.All(2)) { MaskedTaps = 8 },
        new(1, 7, 6, 4, 6, 5, 3, 1, 1, Padding: Conv2dPadding.All(2), 2, 2, 2) { MaskedTaps = 7 },
    ];

    public static TheoryData<int, int> Cases
    {
        get
        {
            TheoryData<int, int> cases = [];
            for (int i = 0; i < s_shapes.Length; i++)
                for (int rung = 1; rung <= KernelDevice.LastRung; rung++) cases.Add(i, rung);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_rung_computes_what_the_host_does(int index, int number)
    {
        KernelRung rung = (KernelRung)number;
        Conv2dShape shape = s_shapes[index];
        KernelPlan plan = new(rung, Splits: index % 2 == 0 ? 1 : 3);

        // The tensor cores take float32, and round it: to 11 significant bits, or to 8.
        Check<float>(rung switch { KernelRung.Tf32 => 2e-3, KernelRung.BFloat16 => 2e-2, _ => 2e-6 });
        if (index is 2 or 5 && rung < KernelRung.Tf32) Check<double>(4e-15);

        void Check<T>(double tolerance) where T : unmanaged, INumber<T>
        {
            T[] x = TwoDevices.Random<T>((int)shape.LengthInput), w = TwoDevices.Random<T>((int)shape.LengthWeight, 1, 2),
                g = TwoDevices.Random<T>((int)shape.LengthOutput, 1, 3);
            T[] outputs = TwoDevices.Random<T>(shape.Outputs, 1, 4), inputs = TwoDevices.Random<T>(shape.Inputs, 1, 5);
            Activation activation = index % 2 == 0 ? Activation.None : Activation.LeakyRelu(0.25);
            bool accumulate = index % 3 == 1;
            Near(g.Length, shape.KernelHeight * shape.KernelWidth * shape.GroupInputs, (s, y) =>
            {
                if (y.Device is GpuDevice device) GpuConv2d.Run(device, s[0], s[1], y, shape, s[2], activation, accumulate, plan);
                else Conv2d.Run(s[0], s[1], y, shape, s[2], activation, accumulate);
            }, x, w, outputs);
            Near(x.Length, shape.KernelHeight * shape.KernelWidth * shape.GroupOutputs, (s, y) =>
            {
                if (y.Device is GpuDevice device)
                    GpuConv2d.InputGradient(device, s[0], s[1], y, shape, s[2], activation, accumulate, plan);
                else Conv2d.InputGradient(s[0], s[1], y, shape, s[2], activation, accumulate);
            }, g, w, inputs);
            Near(w.Length, shape.Batch * shape.OutputHeight * shape.OutputWidth, (s, y) =>
            {
                if (y.Device is GpuDevice device) GpuConv2d.WeightGradient(device, s[0], s[1], y, shape, accumulate, plan);
                else Conv2d.WeightGradient(s[0], s[1], y, shape, accumulate);
            }, x, g);

            void Near(int length, int terms, Action<Storage[], Storage> kernel, params Array[] arguments)
            {
                (T[] expected, T[] found) = devices.Run(TwoDevices.Random<T>(length, 1, 6), kernel, arguments);
                for (int i = 0; i < length; i++)
                {
                    double difference = Math.Abs(double.CreateTruncating(expected[i]) - double.CreateTruncating(found[i]));
                    Assert.True(difference <= tolerance * Math.Sqrt(terms + 2),
                        $"{plan}, {shape}: element {i} is {found[i]}, on the host {expected[i]}");
                }
            }
        }
    }

    [Fact]
    public void Nothing_to_sum_over_is_zero()
    {
        Conv2dShape shape = new(0, 4, 4, 2, 3, 3, 3);
        foreach (Device device in (Device[])[devices.Cpu, devices.Gpu])
        {
            float[] gradient = TwoDevices.On(
                device, TwoDevices.Random<float>(54), (s, y) => Conv2d.WeightGradient(s[0], s[1], y, shape), Array.Empty<float>(),
                Array.Empty<float>());
            Assert.Equal(new float[54], gradient);
        }
    }

    [Fact]
    public void Larger_tiles_are_taken_where_they_are_filled_and_long_sums_of_few_elements_are_split()
    {
        Assert.Equal(new(KernelRung.Naive), Conv2dPlan.For(10_000, 1, 1000, 1, KernelRung.RegisterTile, 32));
        Assert.Equal(new(KernelRung.SharedTile), Conv2dPlan.For(10_000, 16, 1000, 1, KernelRung.RegisterTile, 32));
        Assert.Equal(new(KernelRung.SharedTile, 7), Conv2dPlan.For(25, 64, 1000, 1, KernelRung.RegisterTile, 32));
        Assert.Equal(new(KernelRung.RegisterTile), Conv2dPlan.For(10_000, 64, 1000, 1, KernelRung.RegisterTile, 32));
        Assert.Equal(new(KernelRung.Naive), Conv2dPlan.For(100, 16 * 65536, 1000, 1, KernelRung.RegisterTile, 32));
        Assert.Equal(new(KernelRung.AsyncTile, 15), Conv2dPlan.For(64 * 9, 128, 64 * 28 * 28, 1, KernelRung.AsyncTile, 132));
    }
}
