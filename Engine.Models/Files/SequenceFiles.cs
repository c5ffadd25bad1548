using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;
using Engine.Models.Variational.Sequences;

namespace Engine.Models.Files;

/// <summary>A recurrent network that writes characters.</summary>
public static class CharacterRnnFile
{
    internal const string Family = "character-rnn";

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="vocabulary">The characters that it knows.</param>
    public static ModelDescription Describe(CharacterRnn model, CharacterVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new ModelDescription(Family).With("characters", Characters.Of(vocabulary)).With("hidden", model.Hidden)
            .With("layers", model.Layers).With("cell", model.Cell.ToString());
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        CharacterVocabulary vocabulary = new(description.Text("characters"));
        CharacterRnn model = new CharacterRnn(
            vocabulary.Count, description.Integer("hidden"), options, description.Integer("layers"),
            description.Choice<RecurrentCell>("cell")).Loaded(file);
        return new TextModel(
            description, vocabulary, (beginning, count, sampling, random, stop) =>
                model.Sample(beginning, count, sampling, random, stop), model);
    }
}

/// <summary>A Transformer that writes characters.</summary>
public static class TransformerFile
{
    internal const string Family = "transformer";

    /// <summary>Describes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="vocabulary">The characters that it knows.</param>
    public static ModelDescription Describe(Transformer model, CharacterVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(model);
        TransformerOptions extents = model.Extents;
        return new ModelDescription(Family).With("characters", Characters.Of(vocabulary)).With("block", extents.Block)
            .With("layers", extents.Layers).With("heads", extents.Heads).With("width", extents.Width).With("dropout", extents.Dropout)
            .With("positions", extents.Positions.ToString()).With("bias", extents.Bias);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        CharacterVocabulary vocabulary = new(description.Text("characters"));
        Transformer model = new Transformer(
            new TransformerOptions(vocabulary.Count)
            {
                Block = description.Integer("block"), Layers = description.Integer("layers"), Heads = description.Integer("heads"),
                Width = description.Integer("width"), Dropout = description.Number("dropout"),
                Positions = description.Choice<PositionKind>("positions"), Bias = description.Flag("bias"),
            },
            options).Loaded(file);
        TextGenerator generator = new(model);
        return new TextModel(
            description, vocabulary, (beginning, count, sampling, random, stop) =>
                generator.Continue(beginning, count, sampling, random, cancellation: stop), model);
    }
}

/// <summary>A variational autoencoder of lines of text.</summary>
public static class TextVaeFile
{
    internal const string Family = "text-vae";

    /// <summary>Describes a model.</summary>
    /// <param name="choices">Its sizes.</param>
    /// <param name="lines">The lines that it was trained on.</param>
    public static ModelDescription Describe(SequenceVaeChoices choices, TextLines lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        return SequenceVaeSizes.Describe(Family, choices).With("characters", Characters.Of(lines.Vocabulary))
            .With("longest", lines.Longest);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        (SequenceVaeChoices sizes, int longest) = (SequenceVaeSizes.Of(description), description.Integer("longest"));
        CharacterVocabulary vocabulary = new(description.Text("characters"));
        SequenceVae vae = sizes.NewTextModel(vocabulary.Count, longest, options).Loaded(file);
        LineWriter writer = new(vae.Decoder, vocabulary, longest);
        return new LineModel(
            description, vae.Latent, (z, count, sampling, random, stop) => writer.Write(z, count, sampling, random, stop), vae);
    }
}

/// <summary>A variational autoencoder of stretches of a series.</summary>
public static class SeriesVaeFile
{
    internal const string Family = "series-vae";

    /// <summary>Describes a model.</summary>
    /// <param name="choices">Its sizes.</param>
    /// <param name="steps">Steps of a stretch.</param>
    public static ModelDescription Describe(SequenceVaeChoices choices, int steps) =>
        SequenceVaeSizes.Describe(Family, choices).With("steps", steps);

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        int steps = description.Integer("steps");
        SequenceVae vae = SequenceVaeSizes.Of(description).NewSeriesModel(steps, options).Loaded(file);
        SeriesWriter writer = new(vae.Decoder);
        return new VectorModel(
            description, steps,
            (count, random, _) => writer.Write(NormalDraws.Of(count * vae.Latent, random), count, steps, random), vae);
    }
}

/// <summary>A GAN of one number, made of uniform noise.</summary>
public static class ScalarGanFile
{
    internal const string Family = "scalar-gan";

    /// <summary>Describes a GAN, whose file has its generator's weights under <c>generator.</c>.</summary>
    /// <param name="generator">Uniform noise [n, 1] to samples [n, 1].</param>
    public static ModelDescription Describe(Sequential generator) => new ModelDescription(Family).WithNetwork("generator", generator);

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        Sequential generator = description.Network("generator", options).Loaded(file, "generator.");
        return new VectorModel(
            description, 1, (count, random, _) => NormalDraws.Through(generator, random.Uniform(count), count, generator.Forward),
            generator);
    }
}

/// <summary>A vocabulary as the text of its characters.</summary>
file static class Characters
{
    internal static string Of(CharacterVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        return string.Concat(vocabulary.Characters.Select(character => character.ToString()));
    }
}

/// <summary>The sizes of a sequence VAE in a description.</summary>
file static class SequenceVaeSizes
{
    internal static ModelDescription Describe(string family, SequenceVaeChoices choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return new ModelDescription(family).With("network", choices.Network).With("hidden", choices.Hidden).With("latent", choices.Latent)
            .With("layers", choices.Layers).With("heads", choices.Heads);
    }

    internal static SequenceVaeChoices Of(ModelDescription description) => new()
    {
        Network = description.Choice("network", "gru", "lstm", "transformer"), Hidden = description.Integer("hidden"),
        Latent = description.Integer("latent"), Layers = description.Integer("layers"), Heads = description.Integer("heads"),
    };
}
