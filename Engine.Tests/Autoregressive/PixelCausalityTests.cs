namespace Engine.Tests.Autoregressive;

/// <summary>Who sees whom.</summary>
public sealed class PixelCausalityTests
{
    private const int Height = 6, Width = 7, Pixels = Height * Width;

    public static TheoryData<string, int, int, string> Models => new()
    {
        { "pixelcnn", 2, 0, "cpu:1" }, { "pixelcnn", 256, 0, "cpu:1" }, { "pixelcnn", 2, 3, "cpu:2" },
        { "gated", 2, 0, "cpu:1" }, { "gated", 256, 0, "cpu:2" }, { "gated", 2, 3, "cpu:1" },
    };

    [Theory, MemberData(nameof(Models))]
    public void Changing_a_pixel_changes_no_output_at_or_before_it_by_a_bit(string kind, int levels, int classes, string name)
    {
        using Device device = Device.Open(name);
        using PixelCnnModel model =
            TinyPixels.Make(kind, levels, classes, device, features: 16, positions: levels > 2 ? (Height, Width) : null);
        Check(model, device, levels, classes, Height, Width);
    }

    [Theory]
    [InlineData("pixelcnn", 2)]
    [InlineData("gated", 3)]
    public void Nor_does_it_on_the_simulator(string kind, int levels)
    {
        using Device device = KernelDevice.Open();
        using PixelCnnModel model = TinyPixels.Make(kind, levels, 0, device, layers: 1, features: 2);
        Check(model, device, levels, 0, 3, 3);
    }

    /// <summary>All images at once: the first as it is, and one with each of its pixels changed.</summary>
    private static void Check(PixelCnnModel model, Device device, int levels, int classes, int height, int width)
    {
        int pixels = height * width;
        float[] image = TinyPixels.Images(pixels, levels), all = new float[(pixels + 1) * pixels];
        for (int j = 0; j <= pixels; j++)
        {
            image.CopyTo(all.AsSpan(j * pixels));
            if (j < pixels) all[(j * pixels) + j] = 1 - image[j] + (image[j] == 0.5f ? 0.25f : 0);
        }

        using Tape tape = new(device, record: false);
        Tensor? labels = classes == 0 ? null : Tensor.From(new int[pixels + 1], [pixels + 1]);
        float[] logits = model.Logits(Tensor.From(all, [pixels + 1, height, width, 1]), labels).ToArray();
        int outputs = logits.Length / all.Length;
        ReadOnlySpan<float> plain = logits.AsSpan(pixels * pixels * outputs);
        for (int j = 0; j < pixels; j++)
        {
            ReadOnlySpan<float> changed = logits.AsSpan(j * pixels * outputs, pixels * outputs);
            for (int at = 0; at < (j + 1) * outputs; at++)
                Assert.True(plain[at].Equals(changed[at]),
                    $"pixel {j} changes output {at % outputs} of pixel {at / outputs} from {plain[at]:R} to {changed[at]:R}");
            if (j < pixels - 1) Assert.False(
                plain[((j + 1) * outputs)..].SequenceEqual(changed[((j + 1) * outputs)..]), $"pixel {j} changes nothing at all");
        }
    }

    [Fact]
    public void The_gated_model_has_no_blind_spot() => Assert.Empty(Unseen("gated"));

    [Fact]
    public void Nor_has_it_one_with_taps_that_are_further_apart() => Assert.Empty(Unseen("gated", 1, 2, 1));

    [Fact]
    public void The_plain_model_has_one_to_the_upper_right()
    {
        List<(int Output, int Pixel)> unseen = Unseen("pixelcnn");
        Assert.Contains((Output: (3 * Width) + 1, Pixel: (1 * Width) + 6), unseen);
        Assert.All(unseen, pair => Assert.True(pair.Pixel % Width > pair.Output % Width));
    }

    /// <summary>Earlier pixels within the square that the kernels reach, of which an output does not know.</summary>
    private static List<(int Output, int Pixel)> Unseen(string kind, params int[] dilations)
    {
        const int Layers = 4, Reach = 2 + Layers - 1;
        using CpuDevice device = new(1);
        using PixelCnnModel model = TinyPixels.Make(
            kind, 2, 0, device, DType.Float64, layers: kind == "gated" ? Layers : Layers - 1, features: 8, dilations: dilations);
        List<(int, int)> unseen = [];
        float[] image = TinyPixels.Images(Pixels, 2);
        for (int output = 0; output < Pixels; output++)
        {
            using Tape tape = new(device);
            Tensor x = tape.Watch(Tensor.From(Array.ConvertAll(image, p => (double)p), [1, Height, Width, 1]));
            double[] g = tape.Gradients(model.Logits(x).Reshape(Pixels, 1).Slice(0, output, 1).Sum(), [x])[0].ToDoubles();
            for (int pixel = 0; pixel < Pixels; pixel++)
            {
                int up = (output / Width) - (pixel / Width), aside = Math.Abs((output % Width) - (pixel % Width));
                if (pixel >= output) Assert.Equal(0, g[pixel]);
                else if (up <= Reach && aside <= Reach && g[pixel] == 0) unseen.Add((output, pixel));
            }
        }

        return unseen;
    }
}
