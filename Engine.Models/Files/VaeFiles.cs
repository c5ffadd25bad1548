using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Models.Data;
using Engine.Models.Variational;
using Engine.Models.Variational.Quantized;

namespace Engine.Models.Files;

/// <summary>A variational autoencoder of images.</summary>
public static class VaeFile
{
    internal const string Family = "vae";

    /// <summary>Describes an autoencoder, with the prior that it has.</summary>
    /// <param name="vae">The model: a <see cref="Vae"/> whose encoder's body and decoder are <see cref="Sequential"/>s of layers that
    /// <see cref="NetworkText"/> has, or a <see cref="HierarchicalVae"/> of <see cref="VampRecipe"/>.</param>
    /// <param name="size">The size of an image.</param>
    /// <param name="hidden">Units of a layer of a two-level model.</param>
    /// <exception cref="NotSupportedException">The model is another.</exception>
    public static ModelDescription Describe(LatentVariableModel vae, ImageSize size, int hidden = VampRecipe.Hidden) => vae switch
    {
        Vae plain => new ModelDescription(Family, size).With("latent", plain.Encoder.Latent).With("features", plain.Encoder.Features)
            .With("pseudo-inputs", (plain.Prior as VampPrior)?.Count ?? 0).WithNetwork("encoder", plain.Encoder.Body)
            .WithNetwork("decoder", plain.Decoder),
        HierarchicalVae two => HierarchicalVaeFile.Describe(two, size, hidden),
        _ => throw new NotSupportedException($"A {vae?.GetType().Name} cannot be described: expected a Vae or a HierarchicalVae."),
    };

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        (int latent, int inputs) = (description.Integer("latent"), description.Integer("pseudo-inputs", 0));
        GaussianEncoder encoder = new(description.Network("encoder", options), description.Integer("features"), latent, options);
        Vae vae = new Vae(
            encoder, description.Network("decoder", options),
            inputs == 0 ? null : new VampPrior(encoder, inputs, [description.Size().Length], options)).Loaded(file);
        return Of(description, vae);
    }

    internal static ImageModel Of(ModelDescription description, LatentVariableModel vae) => new(
        description,
        (count, random, stop) =>
        {
            using Tape tape = new(vae.Parameters[0].Device, record: false);
            return vae.SamplePrior(count, random, stop).Cast(DType.Float32).ToArray();
        },
        (z, count, _, _) => NormalDraws.Through(vae, z, count, vae.Decode), 0, vae);
}

/// <summary>A two-level variational autoencoder of images.</summary>
internal static class HierarchicalVaeFile
{
    internal const string Family = "two-level-vae";

    internal static ModelDescription Describe(HierarchicalVae vae, ImageSize size, int hidden) => new ModelDescription(Family, size)
        .With("latent", vae.Latent / 2).With("hidden", hidden).With("pseudo-inputs", (vae.Prior as VampPrior)?.Count ?? 0);

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        (int inputs, int pixels) = (description.Integer("pseudo-inputs", 0), description.Size().Length);
        return VaeFile.Of(description, VampRecipe.Network(
            new float[pixels], options, inputs == 0 ? null : encoder => new VampPrior(encoder, inputs, [pixels], options),
            description.Integer("latent"), description.Integer("hidden")).Loaded(file));
    }
}

/// <summary>A VQ-VAE with the prior of its codes.</summary>
public static class VqVaeFile
{
    internal const string Family = "vq-vae";

    /// <summary>Describes a model, whose file has its weights under <c>vae.</c> and those of the prior under <c>prior.</c>.</summary>
    /// <param name="choices">Its sizes.</param>
    /// <param name="size">The size of an image, which is square.</param>
    public static ModelDescription Describe(VqVaeChoices choices, ImageSize size)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return new ModelDescription(Family, size).With("codes", choices.Quantizer.Codes).With("depth", choices.Quantizer.Depth)
            .With("codebook", choices.Quantizer.Learning.ToString()).With("width", choices.Width).With("blocks", choices.Blocks)
            .With("has-levels", choices.Binarization == Binarization.None).With("prior-features", choices.PriorFeatures)
            .With("prior-layers", choices.PriorLayers);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        ImageSize size = description.Size();
        VqVaeChoices choices = new()
        {
            AutoencoderEpochs = 1, Commitment = 1, LearningRate = 1, PriorLearningRate = 1, TestImages = 0, Samples = 0,
            Quantizer = new VectorQuantizerOptions {
                Codes = description.Integer("codes", 2), Depth = description.Integer("depth"),
                Learning = description.Choice<CodebookLearning>("codebook") },
            Width = description.Integer("width"), Blocks = description.Integer("blocks", 0),
            Binarization = description.Flag("has-levels") ? Binarization.None : Binarization.Dynamic,
            PriorFeatures = description.Integer("prior-features"), PriorLayers = description.Integer("prior-layers"),
        };
        (int rows, int columns) = (size.Height / VqVaeNetworks.Stride, size.Width / VqVaeNetworks.Stride);
        VqVae vae = choices.NewModel(options, size.Channels).Loaded(file, "vae.");
        CodePrior prior = choices.NewPrior((rows, columns), options).Loaded(file, "prior.");
        return new ImageModel(
            description, (count, _, random, stop) => vae.Decode(
                prior.Sample(count, random, stop), [count, rows, columns], cancellation: stop), 0, vae, prior);
    }
}
