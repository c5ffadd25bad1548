using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;

namespace Engine.Models.Files;

/// <summary>A PixelCNN, plain or gated.</summary>
public static class PixelCnnFile
{
    internal const string Family = "pixelcnn";

    /// <summary>Describes a model.</summary>
    /// <param name="sizes">Its sizes.</param>
    /// <param name="isGated">Whether it is a <see cref="GatedPixelCnn"/>.</param>
    /// <param name="size">The size of an image.</param>
    public static ModelDescription Describe(PixelCnnSizes sizes, bool isGated, ImageSize size)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        return new ModelDescription(Family, size).With("gated", isGated).With("levels", sizes.Levels).With("mixtures", sizes.Mixtures)
            .With("level-features", sizes.LevelFeatures).With("classes", sizes.Classes).With("features", sizes.Features)
            .With("layers", sizes.Layers).With("first-kernel", sizes.FirstKernel).With("kernel", sizes.Kernel)
            .With("dilations", sizes.Dilations).With("positions", sizes.Positions is not null).With("head", sizes.Head)
            .With("dropout", sizes.Dropout);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        ImageSize size = description.Size();
        PixelCnnSizes sizes = new()
        {
            Levels = description.Integer("levels", 2, 256), Channels = size.Channels, Mixtures = description.Integer("mixtures", 0),
            LevelFeatures = description.Integer("level-features", 0), Classes = description.Integer("classes", 0),
            Features = description.Integer("features"), Layers = description.Integer("layers", 0),
            FirstKernel = description.Integer("first-kernel"), Kernel = description.Integer("kernel"),
            Dilations = description.Integers("dilations"), Head = description.Integer("head"), Dropout = description.Number("dropout"),
            Positions = description.Flag("positions") ? (size.Height, size.Width) : null,
        };
        PixelCnnModel model = description.Flag("gated") ? new GatedPixelCnn(sizes, options) : new PixelCnn(sizes, options);
        return PixelModelFile.Of(description, model.Loaded(file));
    }
}

/// <summary>A PixelRNN.</summary>
public static class PixelRnnFile
{
    internal const string Family = "pixelrnn";

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    public static ModelDescription Describe(PixelRnn model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ModelDescription(Family, new ImageSize(model.Height, model.Width, 1)).With("hidden", model.Hidden)
            .With("layers", model.Layers);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        ImageSize size = description.Size();
        return PixelModelFile.Of(description, new PixelRnn(
            size.Height, size.Width, description.Integer("hidden"), options, description.Integer("layers")).Loaded(file));
    }
}

/// <summary>A MADE.</summary>
public static class MadeFile
{
    internal const string Family = "made";

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="size">The size of an image.</param>
    /// <param name="anyOrder">Whether its masks are of drawn orders.</param>
    /// <param name="seed">The seed of the run, from which the masks were drawn.</param>
    public static ModelDescription Describe(Made model, ImageSize size, bool anyOrder, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ModelDescription(Family, size).With("hidden", model.Masks[0].Widths).With("masks", model.Masks.Count)
            .With("any-order", anyOrder).With("seed", seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        if (!ulong.TryParse(description.Text("seed"), out ulong seed)) throw new FormatException(
            $"the seed must be a whole number, found '{description.Text("seed")}'.");
        return PixelModelFile.Of(description, new Made(
            description.Size().Length, description.Integers("hidden"), options with { Random = new RandomStream((long)seed) },
            description.Integer("masks"), description.Flag("any-order")).Loaded(file));
    }
}

/// <summary>Any density of pixels.</summary>
file static class PixelModelFile
{
    internal static ImageModel Of<T>(ModelDescription description, T model) where T : Module, IPixelModel
    {
        ImageSize size = description.Size();
        return new ImageModel(
            description, (count, labels, random, stop) => model.Sample(size.Of(count), random, labels: labels, cancellation: stop),
            model.Classes, model);
    }
}
