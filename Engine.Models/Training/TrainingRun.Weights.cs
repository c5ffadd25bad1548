using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Checks;
using Engine.Autograd.Nn;

namespace Engine.Models.Training;

// The weights that a run begins with, and those that it leaves: no more than what sampling and measuring need, a quarter of a checkpoint.
public sealed partial class TrainingRun
{
    /// <summary>The name of the file in the output folder that <see cref="SaveWeights"/> writes.</summary>
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
        if (From is not { } path || IsResuming || _isForecast) return;
        using SafetensorsFile file = SafetensorsFile.Open(Directory.Exists(path) ? Path.Combine(path, WeightsName) : path);
        bool isCheckpoint = TrainingCheckpoint.Is(file);

        // The average lies beside the model, and has parameters alone.
        string average = string.Concat(part.AsSpan(0, part.LastIndexOf('.') + 1), "average.");
        bool hasAverage = isCheckpoint && model.NamedParameters().All(named => file.Contains(average + named.Name));
        if (hasAverage)
        {
            foreach ((string name, Parameter parameter) in model.NamedParameters())
            {
                file.CheckShape(file.Find(average + name), parameter.Shape);
                file.Verify(file.Find(average + name), NonFinite.None);
            }
        }

        model.LoadSafetensors(file, prefix: isCheckpoint ? part + "." : "", ignoreExtra: isCheckpoint);
        if (hasAverage)
            foreach ((string name, Parameter parameter) in model.NamedParameters()) file.Read(average + name, parameter);
        Print($"Begins with the {(hasAverage ? "average of the weights" : "weights")} of {file.Path}.");
    }

    /// <summary>
    /// Writes the weights of a model to <see cref="WeightsName"/> in the output folder, as they are: with an average in use, those of the
    /// average. Weights that were only measured are not written again.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <exception cref="CheckpointException">The file cannot be written, or a weight is NaN or infinite.</exception>
    public void SaveWeights(Module model)
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

        model.SaveSafetensors(path);
        Output.Remember(WeightsName);
    }
}
