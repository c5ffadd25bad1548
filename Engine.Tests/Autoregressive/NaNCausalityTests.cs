using Engine.Models.Autoregressive;
using Engine.Models.Autoregressive.Text;

namespace Engine.Tests.Autoregressive;

/// <summary>
/// What comes later is not seen, not even NaN or an infinity: outputs before it, and the gradients of a loss of these outputs with respect
/// to what comes before it, are the same as without.
/// </summary>
public sealed class NaNCausalityTests
{
    private const double Inf = double.PositiveInfinity;

    [Theory]
    [InlineData(70, 2, 5, DType.Float32)]
    [InlineData(67, 1, 16, DType.Float32)]
    [InlineData(131, 1, 32, DType.Float32)]
    [InlineData(35, 3, 4, DType.Float64)]
    [InlineData(9, 1, 3, DType.Float64)]
    public void Attention(int time, int heads, int width, DType type)
    {
        foreach (int at in (int[])[1, 4, 7, time / 2, time - 1])
        {
            foreach (double bad in (double[])[double.NaN, Inf, -Inf])
                Check(OperationDevices.Cpu, type, [2, time, 3 * heads * width], x => x.SelfAttention(heads, causal: true), at, bad);
        }
    }

    /// <summary>NaN in the keys, the values or the queries alone.</summary>
    [Theory, Values(0, 1, 2)]
    public void Attention_with_one_part_that_is_nan(int part)
    {
        const int Time = 41, Channels = 8;
        foreach (int at in (int[])[3, 18, 40])
        {
            Check(OperationDevices.Cpu, DType.Float32, [1, Time, 3 * Channels], x => x.SelfAttention(2, causal: true), at, double.NaN,
                channel => channel / Channels == part);
        }
    }

    [Theory, Rows("35 1 3 2, 40 1 4 33")]
    public void Attention_in_the_tiles_of_a_gpu(int time, int heads, int width, int at) =>
        Check(OperationDevices.Gpu, DType.Float32, [1, time, 3 * heads * width], x => x.SelfAttention(heads, causal: true), at, double.NaN);

    /// <summary>The gradient of a query comes from its own output alone, whatever those of later positions are.</summary>
    [Fact]
    public void Gradients_of_earlier_queries_do_not_see_later_outputs()
    {
        const int Time = 40, Channels = 6, At = 21;
        double[] q = Numbers(Time * Channels, 1), k = Numbers(Time * Channels, 2), v = Numbers(Time * Channels, 3),
            g = Numbers(Time * Channels, 4);
        double[][] clean = Run(), dirty;
        for (int i = At * Channels; i < (At + 1) * Channels; i++) q[i] = k[i] = v[i] = double.NaN;
        dirty = Run();
        Same(clean[0], dirty[0], At * Channels, "output");
        Same(clean[1], dirty[1], At * Channels, "gradient of the queries");
        Assert.True(double.IsNaN(dirty[2][0]), "the keys' gradients come from later outputs, too");

        double[][] Run()
        {
            using Tape tape = new(OperationDevices.Cpu);
            Tensor[] x = [.. new[] { q, k, v }.Select(values => tape.Watch(Tensor.From(values, [1, Time, Channels])))];
            Tensor y = x[0].Attention(x[1], x[2], 2, causal: true);
            return [y.ToDoubles(), .. tape.Gradients(y, Tensor.From(g, y.Shape), x).Select(gradient => gradient.ToDoubles())];
        }
    }

    [Theory]
    [InlineData(ConvMask.A, 3, 1)]
    [InlineData(ConvMask.A, 5, 8)]
    [InlineData(ConvMask.B, 3, 16)]
    [InlineData(ConvMask.B, 3, 3)]
    [InlineData(ConvMask.VerticalA, 3, 4)]
    [InlineData(ConvMask.VerticalB, 3, 4)]
    public void Masked_convolutions(ConvMask mask, int kernel, int channels)
    {
        const int Height = 6, Width = 7;
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            using MaskedConv2d layer =
                new(channels, 16, kernel, mask, ModuleOptions.FromSeed(2, OperationDevices.Cpu) with { DType = type });
            foreach (int at in (int[])[0, 8, 23, 40])
            {
                // A vertical mask hides what is in the same row, or in later ones.
                int before = mask == ConvMask.VerticalA ? ((at / Width) + 1) * Width : mask == ConvMask.VerticalB ? at / Width * Width
                    : mask == ConvMask.A ? at + 1 : at;
                Check(OperationDevices.Cpu, type, [1, Height, Width, channels], layer.Forward, at, double.NaN, before: before);
                Check(OperationDevices.Cpu, type, [1, Height, Width, channels], layer.Forward, at, Inf, before: before);
            }
        }
    }

    [Theory]
    [InlineData("pixelcnn", 2)]
    [InlineData("pixelcnn", 8)]
    [InlineData("gated", 2)]
    [InlineData("gated", 8)]
    public void Models_of_pixels(string kind, int levels)
    {
        const int Height = 6, Width = 7;
        using PixelCnnModel model = TinyPixels.Make(kind, levels, 0, OperationDevices.Cpu, features: 16);
        foreach (int at in (int[])[0, 9, 24, 41])
        {
            foreach (double bad in (double[])[double.NaN, Inf])
                Check(OperationDevices.Cpu, DType.Float32, [1, Height, Width, 1], x => model.Logits(x), at, bad, before: at + 1);
        }
    }

    [Theory, Values(false, true)]
    public void A_masked_autoencoder(bool direct)
    {
        const int Pixels = 12;
        foreach (Device device in (Device[])[OperationDevices.Cpu, OperationDevices.Gpu])
        {
            foreach (Activation activation in (Activation[])[Activation.Relu, Activation.Tanh])
            {
                using MaskedNetwork network = new(
                    new AutoregressiveMasks([.. Enumerable.Range(0, Pixels)], [24, 21]), ModuleOptions.FromSeed(5, device), 1, activation,
                    direct);
                Random random = new(3);
                foreach (Parameter parameter in network.Parameters)
                    parameter.Set([.. Enumerable.Range(0, parameter.Count).Select(_ => random.NextSingle() - 0.5f)]);
                foreach (int at in (int[])[0, 5, 11])
                {
                    foreach (double bad in (double[])[double.NaN, Inf])
                        Check(device, DType.Float32, [3, Pixels, 1], x => network.Forward(x.Reshape(3, Pixels)), at, bad, before: at + 1);
                }
            }
        }
    }

    /// <summary>Outputs that are connected to a NaN are NaN; weights without a connection may hold one.</summary>
    [Fact]
    public void A_masked_layer_sees_what_it_is_connected_to()
    {
        foreach (Device device in (Device[])[OperationDevices.Cpu, OperationDevices.Gpu])
        {
            using MaskedLinear layer = new(2, 3, [1, 0, 1, 0, 1, 1], ModuleOptions.FromSeed(1, device));
            layer.Weight.Set([1, float.NaN, 3, float.NaN, 5, 6]);
            layer.Bias!.Set([0.5f, 1, 0]);
            using Tape tape = new(device);
            Tensor x = Tensor.From([float.NaN, 100, 10, float.PositiveInfinity, 10, 100], [3, 2]), y = layer.Forward(x);
            Assert.Equal(
                [float.NaN, 501, float.NaN, 10.5f, float.PositiveInfinity, float.PositiveInfinity, 10.5f, 501, 630], y.ToArray());
            float[] gradient = tape.Gradient(layer.Forward(x.Slice(0, 2, 1)).Sum(), layer.Weight).ToArray();
            Assert.Equal([10, 0, 10, 0, 100, 100], gradient);
        }
    }

    [Theory, Values("lstm", "gru")]
    public void Recurrent_layers(string kind)
    {
        const int Steps = 9;
        foreach (Device device in (Device[])[OperationDevices.Cpu, OperationDevices.Gpu])
        {
            bool isHost = device is CpuDevice;
            foreach (DType type in isHost ? (DType[])[DType.Float32, DType.Float64] : [DType.Float32])
            {
                ModuleOptions options = ModuleOptions.FromSeed(2, device) with { DType = type };
                using Module layer = kind == "lstm" ? new Lstm(3, 5, options, layers: 2) : new Gru(3, 5, options, layers: 2);
                foreach (int at in isHost ? (int[])[1, 4, 8] : [4])
                {
                    foreach (double bad in (double[])[double.NaN, Inf]) Check(device, type, [1, Steps, 3], layer.Forward, at, bad);
                }
            }
        }
    }

    /// <summary>Layers of a Transformer behind each other, and the normalisation behind them.</summary>
    [Fact]
    public void A_transformer()
    {
        const int Time = 40, Width = 16;
        ModuleOptions options = ModuleOptions.FromSeed(4, OperationDevices.Cpu);
        TransformerOptions extents = new(7) { Block = Time, Heads = 2, Width = Width };
        using TransformerLayer first = new(extents, options), second = new(extents, options);
        using LayerNorm norm = new(Width, options);
        foreach (int at in (int[])[1, 17, 39])
        {
            foreach (double bad in (double[])[double.NaN, Inf])
            {
                Check(OperationDevices.Cpu, DType.Float32, [2, Time, Width], x => norm.Forward(second.Forward(first.Forward(x))), at, bad);
            }
        }
    }

    /// <summary>The whole model, one of whose embeddings is NaN: that of a token which comes at one position alone.</summary>
    [Fact]
    public void The_model_of_text()
    {
        const int Time = 20, Width = 16, At = 11;
        using Transformer model = new(
            new TransformerOptions(Time) { Block = Time, Layers = 2, Heads = 2, Width = Width },
            ModuleOptions.FromSeed(4, OperationDevices.Cpu));
        Parameter positions = model.NamedParameters().Single(named => named.Name == "positions.weight").Parameter;
        (double[] clean, double[] cleanGradient) = Run();
        float[] values = positions.ToArray();
        values.AsSpan(At * Width, Width).Fill(float.NaN);
        positions.Set(values);
        (double[] changed, double[] changedGradient) = Run();
        Same(clean, changed, At * Time, "logits");
        Same(cleanGradient, changedGradient, At * Width, "gradient of the embeddings of earlier positions");

        (double[] Logits, double[] Gradient) Run()
        {
            using Tape tape = new(OperationDevices.Cpu);
            Tensor logits = model.Forward(Tensor.From([.. Enumerable.Range(0, Time)], [1, Time]));
            return (logits.ToDoubles(), tape.Gradient(logits.Slice(1, 0, At).Square().Sum(), positions).ToDoubles());
        }
    }

    private static void Check(
        Device device, DType type, Shape shape, Func<Tensor, Tensor> function, int at, double bad, Func<int, bool>? channels = null,
        int? before = null)
    {
        int width = shape[-1], sequence = shape.Count / shape[0], positions = sequence / width, seen = before ?? at;
        double[] x = Numbers(shape.Count, 7), changed = [.. x];
        for (int batch = 0; batch < shape[0]; batch++)
        {
            for (int channel = 0; channel < width; channel++)
                if (channels?.Invoke(channel) ?? true) changed[(batch * sequence) + (at * width) + channel] = bad;
        }

        (double[] y, double[] dx) = Run(x);
        (double[] changedY, double[] changedDx) = Run(changed);
        string what = $"{bad} at {at} of {shape}, {type} on {device.Name}";
        int outputs = y.Length / shape[0];
        for (int batch = 0; batch < shape[0]; batch++)
        {
            Same(y[(batch * outputs)..], changedY[(batch * outputs)..], outputs / positions * seen, $"output with {what}");
            Same(dx[(batch * sequence)..], changedDx[(batch * sequence)..], width * at, $"gradient with {what}");
        }

        (double[] Values, double[] Gradient) Run(double[] values)
        {
            using Tape tape = new(device);
            Tensor x = tape.Watch(Make(values, shape, type)), y = function(x);
            double[] seed = Numbers(y.Count, 9);
            int ofSequence = y.Count / shape[0];
            for (int i = 0; i < seed.Length; i++)
                if (i % ofSequence >= ofSequence / positions * seen) seed[i] = 0;
            return (y.ToDoubles(), tape.Gradients(y, Make(seed, y.Shape, type), [x])[0].ToDoubles());
        }
    }

    private static Tensor Make(double[] values, Shape shape, DType type) =>
        type == DType.Float64 ? Tensor.From(values, shape) : Tensor.From(Array.ConvertAll(values, x => (float)x), shape);

    private static double[] Numbers(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (double)(float)((2 * random.NextDouble()) - 1))];
    }

    private static void Same(double[] expected, double[] got, int count, string what)
    {
        for (int i = 0; i < count; i++) Assert.True(expected[i] == got[i], $"{what}: element {i} is {got[i]:R} instead of {expected[i]:R}");
    }
}
