using Engine.Bench.Commands;
using Engine.Kernels;
using Engine.Kernels.Conv;
using Engine.Kernels.Conv.Gpu;
using Engine.Kernels.Devices.Gpu;
using Engine.Kernels.Devices.Host;
using Engine.Kernels.Gemm;
using Engine.Kernels.Gemm.Gpu;
using Spectre.Console;

namespace Engine.Bench.Gpu;

/// <summary>
/// Every rung of the convolutions' ladder on layers of a DCGAN and of a U-Net, for the convolution and both of its gradients. Values are
/// held against the host's before anything is timed.
/// </summary>
internal static class Conv2dLadder
{
    internal static Table Measure(GpuDevice device, DeviceTimer timer, int batch)
    {
        Table table = new Table().Title("Convolutions", Style.Plain)
            .AddColumns("Layer", "Product", "Rung", "Splits", "GFLOP/s", "of rung 3").RightAligned(3, 4, 5);
        foreach ((string name, Conv2dShape shape) in Layers(batch))
        {
            Storage x = MatMulLadder.Uniform(device, shape.LengthInput, 1), w = MatMulLadder.Uniform(device, shape.LengthWeight, 2),
                g = MatMulLadder.Uniform(device, shape.LengthOutput, 3);
            Row("output", GpuConv2d.Run, x, w, shape.LengthOutput, (s, y) => Conv2d.Run(s[0], s[1], y, shape));
            Row("input gradient", GpuConv2d.InputGradient, g, w, shape.LengthInput,
                (s, y) => Conv2d.InputGradient(s[0], s[1], y, shape));
            Row("weight gradient",
                static (
                    GpuDevice device, Storage a, Storage b, Storage c, in Conv2dShape shape, Storage? _, Activation _, bool _,
                    KernelPlan? plan)
                    => GpuConv2d.WeightGradient(device, a, b, c, shape, plan: plan),
                x, g, shape.LengthWeight, (s, y) => Conv2d.WeightGradient(s[0], s[1], y, shape));
            foreach (Storage storage in (Storage[])[x, w, g]) storage.Release();

            void Row(string product, Launch launch, Storage a, Storage b, long length, Action<Storage[], Storage> onHost)
            {
                Storage c = device.Allocate(DType.Float32, (int)length);
                float[] expected = OnHost(onHost, a, b, (int)length);
                double third = 0;
                foreach (KernelPlan plan in Plans(device, shape, product))
                {
                    launch(device, a, b, c, shape, null, default, false, plan);
                    Check(expected, c, plan, $"{product} of {shape}");
                    double rate = 2.0 * shape.MultiplyAdds / timer.Seconds(() => launch(device, a, b, c, shape, null, default, false, plan))
                        / 1e9;
                    if (plan.Rung == KernelRung.RegisterTile && third == 0) third = rate;
                    table.AddRow(name, product, $"{(int)plan.Rung} {plan.Rung}", $"{plan.Splits}", $"{rate:F1}", third > 0
                        ? $"{rate / third:F2}" : "");
                }

                c.Release();
            }
        }

        return table;
    }

    private delegate void Launch(
        GpuDevice device, Storage a, Storage b, Storage c, in Conv2dShape shape, Storage? bias, Activation activation, bool accumulate,
        KernelPlan? plan);

    private static (string Name, Conv2dShape Shape)[] Layers(int batch) => batch < 8
        ? [("3 x 3, 4 to 8 channels", new(batch, 6, 6, 4, 8, 3, 3, Padding: Conv2dPadding.All(1)))]
        :
        [
            ("5 x 5 / 2, 64 to 128 channels, 14 x 14", new(batch, 14, 14, 64, 128, 5, 5, 2, 2, Conv2dPadding.Same(14, 14, 5, 5, 2, 2))),
            ("3 x 3, 64 to 64 channels, 28 x 28", new(batch, 28, 28, 64, 64, 3, 3, Padding: Conv2dPadding.All(1))),
            ("3 x 3, 128 to 128 channels, 14 x 14", new(batch, 14, 14, 128, 128, 3, 3, Padding: Conv2dPadding.All(1))),
        ];

    private static IEnumerable<KernelPlan> Plans(GpuDevice device, Conv2dShape shape, string product)
    {
        bool ofWeight = product == "weight gradient";
        int splits = ofWeight ? Math.Clamp(shape.Batch * shape.OutputHeight * shape.OutputWidth / 512, 1, 32) : 1;
        KernelRung last = !device.HasTensorCores ? KernelRung.RegisterTile : ofWeight ? KernelRung.AsyncTile : KernelRung.BFloat16;
        IEnumerable<KernelPlan> whole = Enum.GetValues<KernelRung>().Where(rung => rung <= last).Select(rung => new KernelPlan(rung));
        return splits == 1 ? whole
            : whole.Concat(whole.Where(plan => plan.Rung > KernelRung.Naive).Select(plan => plan with { Splits = splits }));
    }

    private static float[] OnHost(Action<Storage[], Storage> run, Storage a, Storage b, int length)
    {
        using CpuDevice host = new();
        Storage[] inputs = [.. ((Storage[])[a, b]).Select(storage =>
        {
            float[] values = new float[storage.Length];
            storage.CopyTo<float>(values);
            Storage copy = host.Allocate(DType.Float32, values.Length);
            copy.CopyFrom<float>(values);
            return copy;
        })];
        Storage output = host.Allocate(DType.Float32, length);
        run(inputs, output);
        float[] result = new float[length];
        output.CopyTo<float>(result);
        foreach (Storage storage in (Storage[])[.. inputs, output]) storage.Release();
        return result;
    }

    private static void Check(float[] expected, Storage found, KernelPlan plan, string what)
    {
        float[] values = new float[expected.Length];
        found.CopyTo<float>(values);
        double scale = Math.Sqrt(expected.Average(x => (double)x * x));
        double tolerance = plan.Rung switch { KernelRung.Tf32 => 5e-3, KernelRung.BFloat16 => 4e-2, _ => 1e-4 } * scale;
        for (int i = 0; i < values.Length; i++)
        {
            if (!(Math.Abs(values[i] - expected[i]) <= tolerance))
                throw new InvalidOperationException($"Conv2d, {what}, {plan}: element {i} should be {expected[i]:R}, found {values[i]:R}.");
        }
    }
}
