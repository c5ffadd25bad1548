using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Files;

/// <summary>
/// Opens the weights that a training left as the model that they are: what networks it has, how large they are, what data it was trained
/// on stands in the file (<see cref="ModelDescription"/>). Nothing has to be said again to draw from it.
/// </summary>
/// <example><code>
/// using TrainedModel model = ModelFile.Open("out/gan");
/// float[] images = ((ImageModel)model).Sample(64, new RandomStream(1));
/// </code></example>
public static class ModelFile
{
    private static readonly SortedDictionary<string, Opening> s_families = new(StringComparer.Ordinal)
    {
        [GanFile.Family] = GanFile.Open,
        [ConditionalGanFile.Family] = ConditionalGanFile.Open,
        [SemiSupervisedFile.Family] = SemiSupervisedFile.Open,
        [AutoencoderFile.Family] = AutoencoderFile.Open,
        [VaeFile.Family] = VaeFile.Open,
        [HierarchicalVaeFile.Family] = HierarchicalVaeFile.Open,
        [VqVaeFile.Family] = VqVaeFile.Open,
        [PixelCnnFile.Family] = PixelCnnFile.Open,
        [PixelRnnFile.Family] = PixelRnnFile.Open,
        [MadeFile.Family] = MadeFile.Open,
        [FlowFile.Family] = FlowFile.Open,
        [PlaneFlowFile.Family] = PlaneFlowFile.Open,
        [DiffusionFile.Family] = DiffusionFile.Open,
        [CharacterRnnFile.Family] = CharacterRnnFile.Open,
        [TransformerFile.Family] = TransformerFile.Open,
        [TextVaeFile.Family] = TextVaeFile.Open,
        [SeriesVaeFile.Family] = SeriesVaeFile.Open,
        [ScalarGanFile.Family] = ScalarGanFile.Open,
    };

    /// <summary>Makes a model of a description and loads its weights.</summary>
    internal delegate TrainedModel Opening(ModelDescription description, SafetensorsFile file, ModuleOptions options);

    /// <summary>The families of models that can be opened.</summary>
    public static IReadOnlyCollection<string> Families => s_families.Keys;

    /// <summary>Opens a file of weights.</summary>
    /// <param name="path">The file, or the folder of a training with its <c>weights.safetensors</c>.</param>
    /// <param name="device">Where to compute; null takes <see cref="Device.Default"/>.</param>
    /// <exception cref="CheckpointException">The file cannot be read or is damaged, does not say what its model is, or its weights are
    /// those of another.</exception>
    public static TrainedModel Open(string path, Device? device = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using SafetensorsFile file =
            SafetensorsFile.Open(Directory.Exists(path) ? Path.Combine(path, Training.TrainingRun.WeightsName) : path);
        ModelDescription description = ModelDescription.Of(file);
        if (!s_families.TryGetValue(description.Family, out Opening? open)) throw new CheckpointException(
            $"{file.Path}: '{ModelDescription.Prefix}family': expected one of {string.Join(", ", Families)}, found "
            + $"'{description.Family}'.");
        try
        {
            return open(description, file, new ModuleOptions(new RandomStream(0), device));
        }
        catch (Exception e) when (e is ArgumentException or OverflowException or FormatException or InvalidOperationException)
        {
            throw new CheckpointException($"{file.Path}: no {description.Family} can be made of what the file says of it: {e.Message}", e);
        }
    }

    /// <summary>Sets a network from the tensors of a file whose names begin alike, and puts it into evaluation mode.</summary>
    internal static T Loaded<T>(this T network, SafetensorsFile file, string prefix = "") where T : Module
    {
        try
        {
            network.LoadSafetensors(file, prefix: prefix, ignoreExtra: true);
        }
        catch
        {
            network.Dispose();
            throw;
        }

        network.Eval();
        return network;
    }

    /// <summary>The description with a network as text, or with why it has none.</summary>
    internal static ModelDescription WithNetwork(this ModelDescription description, string name, Module network)
    {
        try
        {
            return description.With(name, network is Sequential layers ? NetworkText.Of(layers)
                : throw new NotSupportedException($"The network is a {network.GetType().Name}, expected a Sequential."));
        }
        catch (NotSupportedException e)
        {
            return description.With(name + "-unfit", e.Message);
        }
    }

    /// <summary>A network that the description has as text.</summary>
    internal static Sequential Network(this ModelDescription description, string name, ModuleOptions options)
    {
        if (description.Texts.TryGetValue($"{ModelDescription.Prefix}{name}-unfit", out string? why)) throw new FormatException(
            $"its {name} was saved without a text to make it from. {why}");
        try
        {
            return NetworkText.Read(description.Text(name), options);
        }
        catch (FormatException e)
        {
            throw new FormatException($"'{ModelDescription.Prefix}{name}': {e.Message}", e);
        }
    }
}
