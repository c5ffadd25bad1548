using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Checks;
using Engine.Autograd.Nn;
using Engine.Models.Files;

namespace Engine.Models.Training;

// The weights that a run begins with, and those that it leaves: no more than what sampling and measuring need, a quarter of a checkpoint.
public sealed partial class TrainingRun
{
    /// <summary>The name of the file in the output folder that <see cref="SaveWeights(Module, ModelDescription)"/> writes.</summary>
    public const string WeightsName = "weights.safetensors";

    private string? From => _info.TakesWeights ? _command.Parsed.GetValue(_options.From) : null;

    /// <summary>
    /// Puts the weights that <c>--from</c> names into a model, of a checkpoint their average where it has one, and does nothing where the
    /// option is not given or training resumes from a checkpoint, which has its own. Call it before an average of the weights is made,
    /// which begins at the weights as they are.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="part">The name that checkpoints of this program have the model under.</param>
    /// <exception cref="CheckpointException">The file cannot be read, does not fit the model, or has weights that are NaN or infinite;
    /// nothing was set.</exception>
    public void LoadWeights(Module model, string part = "model")
    {
        ArgumentNullException.ThrowIfNull(model);

        // The average lies beside the model.
        Load(model, part + ".", (model, string.Concat(part.AsSpan(0, part.LastIndexOf('.') + 1), "average.")));
    }

    /// <summary>
    /// Puts the weights that <c>--from</c> names into networks that are trained together; see <see cref="LoadWeights(Module, string)"/>.
    /// Those of a network whose average a checkpoint has under its name with <c>_average</c> behind it are the average.
    /// </summary>
    /// <param name="networks">The networks, under the names that checkpoints of this program have them under.</param>
    /// <exception cref="CheckpointException">The file cannot be read, does not fit the networks, or has weights that are NaN or infinite;
    /// nothing was set.</exception>
    public void LoadWeights(params ReadOnlySpan<(string Name, Module Network)> networks) =>
        Load(new Networks(networks), "", [.. networks.ToArray().Select(named => (named.Network, $"{named.Name}_average."))]);

    private void Load(Module model, string prefix, params ReadOnlySpan<(Module Part, string Average)> parts)
    {
        if (From is not { } path || IsResuming || _isForecast) return;
        using SafetensorsFile file = SafetensorsFile.Open(Directory.Exists(path) ? Path.Combine(path, WeightsName) : path);
        bool isCheckpoint = TrainingCheckpoint.Is(file);

        // An average has parameters alone, and all of them.
        List<(string Name, Parameter Parameter)> averages = [];
        foreach ((Module part, string average) in parts)
        {
            (string Name, Parameter)[] its = [.. part.NamedParameters().Select(named => (average + named.Name, named.Parameter))];
            if (isCheckpoint && its.All(named => file.Contains(named.Name))) averages.AddRange(its);
        }

        foreach ((string name, Parameter parameter) in averages)
        {
            file.CheckShape(file.Find(name), parameter.Shape);
            file.Verify(file.Find(name), NonFinite.None);
        }

        model.LoadSafetensors(file, prefix: isCheckpoint ? prefix : "", ignoreExtra: isCheckpoint);
        foreach ((string name, Parameter parameter) in averages) file.Read(name, parameter);
        Print($"Begins with the {(averages.Count > 0 ? "average of the weights" : "weights")} of {file.Path}.");
    }

    /// <summary>
    /// Writes the weights of a model to <see cref="WeightsName"/> in the output folder, as they are: with an average in use, those of the
    /// average. Weights that were only measured are not written again.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="description">What the file says of the model, so that <see cref="ModelFile"/> can make it again; null for
    /// nothing.</param>
    /// <exception cref="CheckpointException">The file cannot be written, or a weight is NaN or infinite.</exception>
    public void SaveWeights(Module model, ModelDescription? description = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Epochs == 0 && !IsResuming) return;
        Output.Prepare();
        string path = Path.Combine(Output.Path, WeightsName);
        IEnumerable<(string Name, Tensor Tensor)> weights =
            model.NamedParameters().Select(named => (named.Name, (Tensor)named.Parameter)).Concat(model.NamedBuffers());
        foreach ((string name, Tensor tensor) in weights)
        {
            if (!Finite.All(tensor.Storage)) throw new CheckpointException(
                $"{path} is not written: tensor '{name}' is {FiniteGuard.Word(Finite.First(tensor.Storage))}.");
        }

        model.SaveSafetensors(path, texts: description?.Texts);
        Output.Remember(WeightsName);
    }

    /// <summary>
    /// Writes the weights of networks that are trained together; see <see cref="SaveWeights(Module, ModelDescription)"/>.
    /// </summary>
    /// <param name="networks">The networks, each under the name that its weights get before theirs.</param>
    /// <exception cref="CheckpointException">The file cannot be written, or a weight is NaN or infinite.</exception>
    public void SaveWeights(params ReadOnlySpan<(string Name, Module Network)> networks) => SaveWeights(new Networks(networks));

    /// <summary>
    /// Writes the weights of networks that are trained together, and what they are; see
    /// <see cref="SaveWeights(Module, ModelDescription)"/>.
    /// </summary>
    /// <param name="description">What the file says of the model.</param>
    /// <param name="networks">The networks, each under the name that its weights get before theirs.</param>
    /// <exception cref="CheckpointException">The file cannot be written, or a weight is NaN or infinite.</exception>
    public void SaveWeights(ModelDescription description, params ReadOnlySpan<(string Name, Module Network)> networks) =>
        SaveWeights(new Networks(networks), description);

    /// <summary>Networks as the parts of one module, for their names in a file.</summary>
    private sealed class Networks : Module
    {
        public Networks(ReadOnlySpan<(string Name, Module Network)> networks)
        {
            foreach ((string name, Module network) in networks) AddModule(name, network);
        }

        public override Tensor Forward(Tensor x) => throw new NotSupportedException("Several networks have no one output.");
    }
}
