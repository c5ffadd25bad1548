namespace Engine.Tests.Autoregressive;

public sealed class PixelCnnModelTests : IsolatedTests
{
    [Theory]
    [InlineData("pixelcnn", 2, 2, 3, 0, false)]
    [InlineData("pixelcnn", 3, 2, 2, 0, true, 3)]
    [InlineData("gated", 2, 2, 3, 2, true)]
    [InlineData("gated", 3, 2, 2, 0, false, 3)]
    public void The_probabilities_of_all_images_add_up_to_one(
        string kind, int levels, int height, int width, int classes, bool positions, int levelFeatures = 0)
    {
        using PixelCnnModel model = TinyPixels.Make(
            kind, levels, classes, Cpu, DType.Float64, positions: positions ? (height, width) : null, levelFeatures: levelFeatures);
        int pixels = height * width, count = (int)Math.Pow(levels, pixels);
        float[] images = new float[count * pixels];
        for (int i = 0; i < count; i++)
            for (int p = 0, rest = i; p < pixels; p++, rest /= levels) images[(i * pixels) + p] = (rest % levels) / (levels - 1f);
        for (int label = 0; label < Math.Max(classes, 1); label++)
        {
            int[] labels = classes == 0 ? [] : [.. Enumerable.Repeat(label, count)];
            Assert.Equal(1, model.LogLikelihood(images, [count, height, width, 1], labels, atOnce: 17).Sum(Math.Exp), 1e-9);
        }
    }

    [Theory]
    [InlineData("pixelcnn", 2, 0, false)]
    [InlineData("pixelcnn", 4, 2, true, 3)]
    [InlineData("gated", 2, 2, false)]
    [InlineData("gated", 4, 0, true, 3)]
    public void Drawing_pixel_by_pixel_is_drawing_from_the_logits_of_whole_images(
        string kind, int levels, int classes, bool positions, int levelFeatures = 0)
    {
        const int Count = 3, Height = 5, Width = 6, Given = 2;
        using PixelCnnModel model = TinyPixels.Make(
            kind, levels, classes, Cpu, layers: 3, dropout: 0.3, positions: positions ? (Height, Width) : null,
            levelFeatures: levelFeatures, dilations: [1, 2]);
        Shape shape = [Count, Height, Width, 1];
        float[] images = TinyPixels.Images(shape.Count, levels);
        int[] labels = TinyPixels.Labels(Count, classes);
        float[] drawn = model.Sample(shape, new RandomStream(4), UpperRows(images, shape, Given), labels, temperature: 0.8);

        model.Eval();
        RandomStream random = new(4);
        for (int pixel = Given * Width; pixel < Height * Width; pixel++)
        {
            using Tape tape = new(Cpu, record: false);
            Tensor logits = model.Logits(Tensor.From(images, shape), TinyPixels.LabelTensor(Count, classes))
                .Reshape(Count, Height * Width, levels == 2 ? 1 : levels).Slice(1, pixel, 1);
            if (levels == 2) logits = Tensor.Concat(-1, Tensor.Zeros(logits.Shape), logits);
            int[] level = Sampling.Categorical(logits * (1 / 0.8), random).ToInts();
            for (int i = 0; i < Count; i++) images[(i * Height * Width) + pixel] = level[i] / (levels - 1f);
        }

        Assert.Equal(images, drawn);
        Assert.True(drawn.Distinct().Count() > 1);
    }

    [Theory, Values("pixelcnn", "gated")]
    public void A_completion_keeps_the_rows_that_are_given_and_reads_no_others(string kind)
    {
        using PixelCnnModel model = TinyPixels.Make(kind, 2, 0, Cpu);
        float[] images = TinyPixels.Images(2 * 30, 2), spoilt = [.. images];
        for (int i = 0; i < images.Length; i++)
            if (i % 30 / 6 >= 3) spoilt[i] = float.NaN;
        Shape shape = [2, 5, 6, 1];
        float[] completed = model.Sample(shape, new RandomStream(1), UpperRows(images, shape, 3));
        for (int i = 0; i < images.Length; i++)
            if (i % 30 / 6 < 3) Assert.Equal(images[i], completed[i]);
        Assert.Equal(completed, model.Sample(shape, new RandomStream(1), spoilt));
        Assert.Equal(images, model.Sample(shape, new RandomStream(1), images));
        Assert.True(model.IsTraining);
    }

    [Theory]
    [InlineData("pixelcnn", 2)]
    [InlineData("gated", 3)]
    public void Known_pixels_anywhere_are_kept_and_seen_by_those_after_them(string kind, int levels)
    {
        const int Count = 3, Height = 4, Width = 5;
        using PixelCnnModel model = TinyPixels.Make(kind, levels, 0, Cpu, layers: 3);
        Shape shape = [Count, Height, Width, 1];
        float[] images = TinyPixels.Images(shape.Count, levels), known = [.. images];

        // Pixel 7 is known in all images, pixels that three divides in some; the others are drawn.
        for (int i = 0; i < known.Length; i++)
            if (i % (Height * Width) != 7 && i % 3 != 0) known[i] = -1;
        float[] drawn = model.Sample(shape, new RandomStream(4), known);
        model.Eval();
        RandomStream random = new(4);
        for (int pixel = 0; pixel < Height * Width; pixel++)
        {
            if (pixel == 7) continue;
            using Tape tape = new(Cpu, record: false);
            Tensor logits = model.Logits(Tensor.From(images, shape)).Reshape(Count, Height * Width, levels == 2 ? 1 : levels)
                .Slice(1, pixel, 1);
            if (levels == 2) logits = Tensor.Concat(-1, Tensor.Zeros(logits.Shape), logits);
            int[] level = Sampling.Categorical(logits, random).ToInts();
            for (int i = 0; i < Count; i++)
            {
                int at = (i * Height * Width) + pixel;
                if (known[at] < 0) images[at] = level[i] / (levels - 1f);
            }
        }

        Assert.Equal(images, drawn);
    }

    [Theory]
    [InlineData("pixelcnn", 2, 0)]
    [InlineData("pixelcnn", 5, 0)]
    [InlineData("gated", 2, 2)]
    [InlineData("gated", 5, 2)]
    public void Training_finds_what_there_is_to_know(string kind, int levels, int classes)
    {
        // A row repeats the one above it; the first one is drawn, or is that of the class.
        const int Height = 3, Width = 4, Count = 32;
        Random random = new(2);
        float[] images = new float[Count * Height * Width];
        for (int i = 0; i < images.Length; i++)
        {
            int image = i / (Height * Width), row = i / Width % Height;
            images[i] = row > 0 ? images[i - Width] : (classes > 0 ? image % classes * (levels - 1) : random.Next(levels)) / (levels - 1f);
        }

        using PixelCnnModel model = TinyPixels.Make(kind, levels, classes, Cpu, features: 8);
        using Adam adam = new(model.Parameters, 1e-2);
        Tensor? labels = null;
        for (int step = 0; step < 120; step++)
        {
            using Tape tape = new(Cpu);
            labels = TinyPixels.LabelTensor(Count, classes);
            Tensor loss = -model.LogLikelihood(Tensor.From(images, [Count, Height, Width, 1]), labels).Mean();
            adam.Step(tape.Gradients(loss, model.Parameters));
        }

        double nats = -model.LogLikelihood(images, [Count, Height, Width, 1], TinyPixels.Labels(Count, classes)).Average();
        double entropy = classes > 0 ? 0 : Width * Math.Log(levels);
        Assert.True(nats < entropy + 0.7, $"{nats} nats, at best {entropy}");
    }

    [Theory]
    [InlineData("pixelcnn", 2, 2)]
    [InlineData("gated", 3, 0)]
    public void It_runs_on_the_simulator(string kind, int levels, int classes)
    {
        using Device simulator = KernelDevice.Open();
        Shape shape = [2, 3, 3, 1];
        float[] images = TinyPixels.Images(shape.Count, levels);
        (double[] Gradient, float[] Drawn) Run(Device device)
        {
            using PixelCnnModel model =
                TinyPixels.Make(kind, levels, classes, device, layers: 1, features: 2, positions: classes > 0 ? (3, 3) : null);
            using Tape tape = new(device);
            Tensor loss = -model.LogLikelihood(Tensor.From(images, shape), TinyPixels.LabelTensor(2, classes)).Mean();
            double[] gradient = tape.Gradients(loss, model.Parameters)[0].ToDoubles();
            return (gradient, model.Sample(shape, new RandomStream(2), UpperRows(images, shape, 1), TinyPixels.Labels(2, classes)));
        }

        (double[] expected, float[] drawn) = Run(Cpu);
        (double[] found, float[] also) = Run(simulator);
        Near(expected, found, 1e-5);
        Assert.Equal(drawn, also);
    }

    [Theory, Values(0, 3)]
    public void Pictures_show_samples_and_completions(int classes)
    {
        using PixelCnnModel model = TinyPixels.Make("gated", 2, classes, Cpu);
        PixelPictures pictures = new(model, new ImageSize(4, 5, 1));
        Picture samples = pictures.Samples(20, new RandomStream(1));
        Picture completions = pictures.Completions(
            TinyPixels.Images(7 * 20, 2), TinyPixels.Labels(7, classes), new RandomStream(1), most: 3, completions: 2);

        // Pixels are two by two, with two between images and around them.
        Assert.Equal((2 + (4 * 12), 2 + (3 * 10)), (completions.Width, completions.Height));
        Assert.Equal(classes > 0 ? 2 + (10 * 12) : 2 + (5 * 12), samples.Width);
    }

    [Fact]
    public void Bits_are_nats_by_the_logarithm_of_two() => Assert.Equal(1, PixelCnnModel.BitsPerPixel(784 * Math.Log(2), 784), 1e-12);

    [Fact]
    public void What_does_not_fit_is_refused_with_a_sentence()
    {
        using PixelCnnModel plain = TinyPixels.Make("pixelcnn", 2, 0, Cpu), classy = TinyPixels.Make("gated", 2, 3, Cpu),
            placed = TinyPixels.Make("gated", 2, 0, Cpu, positions: (3, 4));
        using Tape tape = new(Cpu, record: false);
        Refused("[batch, height, width, 1]", () => plain.Logits(Tensor.Zeros([2, 9])));
        Refused("no classes", () => plain.Logits(Tensor.Zeros([2, 3, 3, 1]), Tensor.From([0, 1], [2])));
        Refused("a label for each of 2 images, found none", () => classy.Logits(Tensor.Zeros([2, 3, 3, 1])));
        Assert.Throws<ArgumentOutOfRangeException>(() => plain.Sample([1, 3, 3, 1], new RandomStream(1), temperature: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => plain.Sample([0, 3, 3, 1], new RandomStream(1)));
        Refused("[images, height, width, channels], found [1, 9]", () => plain.Sample([1, 9], new RandomStream(1)));
        Refused("9 pixels, 9 values were expected, found 8", () => plain.Sample([1, 3, 3, 1], new RandomStream(1), new float[8]));
        Refused("expected 9 pixels for [1, 3, 3, 1], found 8", () => plain.LogLikelihood(new float[8], [1, 3, 3, 1]));
        Refused("images of 3 x 4, found [2, 4, 3, 1]", () => placed.Logits(Tensor.Zeros([2, 4, 3, 1])));
        Refused("images of 3 x 4", () => placed.Sample([1, 3, 3, 1], new RandomStream(1)));
        Refused("found none", () => classy.Sample([2, 3, 3, 1], new RandomStream(1)));
    }

    /// <summary>The upper rows of images, with the others to be drawn.</summary>
    private static float[] UpperRows(float[] images, Shape shape, int rows) =>
        [.. images.Select((pixel, i) => i / shape[2] % shape[1] < rows ? pixel : float.NaN)];
}
