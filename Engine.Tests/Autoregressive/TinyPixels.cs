namespace Engine.Tests.Autoregressive;

/// <summary>Pixel models of every kind, as small as they can be.</summary>
internal static class TinyPixels
{
    /// <summary>
    /// A model by its name, pixelcnn or gated, with a number of levels and of classes. What begins at zero is drawn, too: it would hide
    /// what lies before it.
    /// </summary>
    internal static PixelCnnModel Make(
        string kind, int levels, int classes = 0, Device? device = null, DType type = DType.Float32, int layers = 2, int features = 4,
        double dropout = 0,
        (int Height, int Width)? positions = null, int levelFeatures = 0, params int[] dilations)
    {
        PixelCnnSizes sizes = new()
        {
            Levels = levels, Classes = classes, Features = features, Layers = layers, FirstKernel = 5, Kernel = 3, Head = 8,
            Dropout = dropout, LevelFeatures = levelFeatures,
            Dilations = dilations.Length == 0 ? [1] : dilations, Positions = positions,
        };
        ModuleOptions options = ModuleOptions.FromSeed(3, device) with { DType = type };
        PixelCnnModel model = kind == "gated" ? new GatedPixelCnn(sizes, options) : new PixelCnn(sizes, options);
        Random random = new(5);
        foreach (Parameter parameter in model.Parameters)
        {
            if (parameter.ToDoubles().Any(value => value != 0)) continue;
            double[] drawn = [.. Enumerable.Range(0, parameter.Count).Select(_ => (random.NextDouble() - 0.5) / 2)];
            if (type == DType.Float64) parameter.Storage.CopyFrom<double>(drawn);
            else parameter.Storage.CopyFrom<float>(Array.ConvertAll(drawn, value => (float)value));
        }

        return model;
    }

    /// <summary>Random images of some levels.</summary>
    internal static float[] Images(int count, int levels, int seed = 1)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(levels) / (levels - 1f))];
    }

    /// <summary>Labels that go round.</summary>
    internal static int[] Labels(int count, int classes) => classes == 0 ? [] : [.. Enumerable.Range(0, count).Select(i => i % classes)];

    /// <summary>The labels as a tensor; null for none.</summary>
    internal static Tensor? LabelTensor(int count, int classes) => classes == 0 ? null : Tensor.From(Labels(count, classes), [count]);
}
