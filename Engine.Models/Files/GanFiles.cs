using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Models.Adversarial.Autoencoders;
using Engine.Models.Adversarial.Conditional;
using Engine.Models.Adversarial.Residual;
using Engine.Models.Adversarial.SemiSupervised;
using Engine.Models.Data;

namespace Engine.Models.Files;

/// <summary>A GAN whose generator makes images in [-1, 1] of normal noise.</summary>
public static class GanFile
{
    internal const string Family = "gan";

    /// <summary>Describes a GAN, whose file has its generator's weights under <c>generator.</c>.</summary>
    /// <param name="generator">Noise [n, latent] to images in [-1, 1]; a <see cref="Sequential"/> of layers that
    /// <see cref="NetworkText"/> has. Another is described without a network, and cannot be opened.</param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="size">The size of an image.</param>
    public static ModelDescription Describe(Module generator, int latent, ImageSize size) =>
        new ModelDescription(Family, size).With("latent", latent).WithNetwork("generator", generator);

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        int latent = description.Integer("latent");
        Sequential generator = description.Network("generator", options).Loaded(file, "generator.");
        return new ImageModel(
            description, (count, random, _) => NormalDraws.Of(count * latent, random),
            (z, count, _, _) => NormalDraws.FromSigned(NormalDraws.Through(generator, z, count, generator.Forward)), 0, generator);
    }
}

/// <summary>A GAN whose generator is told the class.</summary>
public static class ConditionalGanFile
{
    internal const string Family = "conditional-gan";

    /// <summary>Describes one of <see cref="ConditionalDcgan"/>'s generators.</summary>
    /// <param name="size">The size of an image, which is square.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="latent">Dimensions of the noise.</param>
    /// <param name="width">Channels of the generator's last images.</param>
    /// <param name="isConcatenated">Whether the class comes beside the noise; else by the normalisations.</param>
    public static ModelDescription Describe(ImageSize size, int classes, int latent, int width, bool isConcatenated) =>
        new ModelDescription(Family, size).With("network", "dcgan").With("classes", classes).With("latent", latent).With("width", width)
            .With("concatenated", isConcatenated);

    /// <summary>Describes a residual generator.</summary>
    /// <param name="networks">Its sizes.</param>
    /// <param name="isSpectral">Whether its layers are normalised spectrally.</param>
    public static ModelDescription Describe(ResidualGanSize networks, bool isSpectral)
    {
        ArgumentNullException.ThrowIfNull(networks);
        return new ModelDescription(Family, new ImageSize(networks.Side, networks.Side, networks.Channels)).With("network", "residual")
            .With("classes", networks.Classes).With("latent", networks.Latent).With("width", networks.Width).With("chunk", networks.Chunk)
            .With("embedding", networks.Embedding).With("attention", networks.HasAttention).With("spectral", isSpectral);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        (int latent, int classes) = (description.Integer("latent"), description.Integer("classes"));
        ConditionalModule generator = Generator(description, classes, latent, options).Loaded(file, "generator.");
        return new ImageModel(
            description, (count, random, _) => NormalDraws.Of(count * latent, random),
            (z, count, labels, _) => NormalDraws.FromSigned(NormalDraws.Through(
                generator, z, count, noise => generator.Forward(noise, Tensor.From(labels, [count])))), classes, generator);
    }

    private static ConditionalModule Generator(ModelDescription description, int classes, int latent, ModuleOptions options)
    {
        (ImageSize size, int width) = (description.Size(), description.Integer("width"));
        if (description.Choice("network", "dcgan", "residual") == "dcgan") return description.Flag("concatenated")
            ? ConditionalDcgan.ConcatenatedGenerator(options, classes, latent, width, size.Channels, size.Height)
            : ConditionalDcgan.NormalizedGenerator(options, classes, latent, width, size.Channels, size.Height);
        ResidualGanSize networks = new() {
            Classes = classes, Side = size.Height, Channels = size.Channels, Width = width, Chunk = description.Integer("chunk"),
            Embedding = description.Integer("embedding"), HasAttention = description.Flag("attention") };
        return new ResidualGenerator(
            options, networks, description.Flag("spectral") ? layer => new SpectralNorm(layer, options.Random) : null);
    }
}

/// <summary>A semi-supervised GAN, of which the generator draws.</summary>
public static class SemiSupervisedFile
{
    internal const string Family = "semi-supervised-gan";

    /// <summary>Describes a GAN with the generator of <see cref="SemiSupervisedNetworks"/>.</summary>
    /// <param name="size">The size of an image.</param>
    /// <param name="latent">Dimensions of the noise, which is uniform in [0, 1).</param>
    /// <param name="hidden">Features of the generator's hidden layers.</param>
    /// <param name="prefix">What the names of the generator's weights begin with.</param>
    public static ModelDescription Describe(ImageSize size, int latent, int hidden, string prefix) =>
        new ModelDescription(Family, size).With("latent", latent).With("hidden", hidden).With("prefix", prefix);

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        int latent = description.Integer("latent");
        Sequential generator = SemiSupervisedNetworks.Generator(
            options, latent, description.Size().Length, description.Integer("hidden")).Loaded(file, description.Text("prefix"));
        return new ImageModel(
            description, (count, random, _) => random.Uniform(count * latent),
            (z, count, _, _) => NormalDraws.Through(generator, z, count, generator.Forward), 0, generator);
    }
}

/// <summary>An adversarial autoencoder, of which the decoder draws.</summary>
public static class AutoencoderFile
{
    internal const string Family = "adversarial-autoencoder";

    /// <summary>Describes an autoencoder, whose file has its decoder's weights under <c>decoder.</c>.</summary>
    /// <param name="settings">Its sizes.</param>
    /// <param name="size">The size of an image.</param>
    public static ModelDescription Describe(AutoencoderOptions settings, ImageSize size)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new ModelDescription(Family, size).With("latent", settings.Latent).With("hidden", settings.Hidden)
            .With("classes", settings.ClassesBeside);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        (int latent, int classes) = (description.Integer("latent"), description.Integer("classes", 0));
        AutoencoderDecoder decoder = new AutoencoderDecoder(
            description.Size().Length, latent, classes, description.Integer("hidden"), options).Loaded(file, "decoder.");
        return new ImageModel(
            description, (count, random, _) => NormalDraws.Of(count * latent, random),
            (z, count, labels, _) => NormalDraws.Through(decoder, z, count, style => decoder.Decode(
                style, classes == 0 ? null : Tensor.From(labels, [count]).OneHot(classes, style.DType)).Sigmoid()), classes, decoder);
    }
}
