using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Training;

/// <summary>
/// Compares the state of a model with a checkpoint: first to check that everything fits, and only then, with <paramref name="apply"/>, to
/// set the model's state, so that a checkpoint that is refused leaves the model as it was.
/// </summary>
/// <param name="file">The tensors.</param>
/// <param name="record">Scalars and random streams.</param>
/// <param name="apply">Whether to set the state.</param>
internal sealed class StateReader(SafetensorsFile file, TrainingRecord record, bool apply) : StateVisitor
{
    private readonly HashSet<string> _tensors = [];

    /// <summary>Refuses tensors that the model has no place for.</summary>
    /// <exception cref="CheckpointException">There is one.</exception>
    public void RefuseLeftovers()
    {
        foreach (SafetensorsEntry entry in file.Entries)
        {
            if (!_tensors.Contains(entry.Name))
                throw new CheckpointException(
                    $"{file.Path}: tensor '{entry.Name}', {entry}, has no place in this model: it was saved by another one.");
        }
    }

    protected override void OnTensor(string name, Storage storage, Shape shape, Tensor? tensor)
    {
        _tensors.Add(name);
        if (apply)
        {
            file.Read(name, storage, shape);
            return;
        }

        SafetensorsEntry entry = file.Find(name);
        string expected = $"{Type(storage.DType)} [{string.Join(", ", shape.ToArray())}]";
        if (entry.ToString() != expected) throw new CheckpointException(
            $"{file.Path}: tensor '{name}': this model needs {expected}, found {entry}.");

        // Weights must be finite. A second moment may have overflowed: it only stops its weight.
        file.Verify(entry, tensor is null ? NonFinite.Infinity : NonFinite.None);
    }

    protected override void OnOptional(string name, Storage storage, Shape shape)
    {
        if (file.Contains(name)) OnTensor(name, storage, shape, null);
        else if (apply) Move.Fill(storage, 0);
    }

    protected override void OnRandom(string name, RandomStream random)
    {
        string text = Find(record.RandomStreams, name, "random stream");
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0
            || !ulong.TryParse(text.AsSpan(0, colon), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong key)
            || !long.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long position)
            || position % Philox.Group != 0 || position > MostCount)
        {
            throw Refused($"random stream {Wording.Name(name)}: expected key:position, found {Wording.Name(text)}.");
        }

        if (apply) random.State = new RandomStreamState(key, position);
    }

    // Looked at in both passes, so that a number that cannot be set is refused before anything is.
    protected override string OnSaved(string name) => Find(record.Numbers, name, "number");

    protected override string OnNumber(string name, string text) => apply ? OnSaved(name) : text;

    protected override CheckpointException Refused(string message) => new($"{file.Path}: {message}");

    private static SafetensorsType Type(DType type) => type switch
    {
        DType.Float32 => SafetensorsType.F32,
        DType.Float64 => SafetensorsType.F64,
        _ => SafetensorsType.I32,
    };

    private string Find(Dictionary<string, string> texts, string name, string what) => texts.TryGetValue(name, out string? text)
        ? text
        : throw Refused($"expected a {what} '{name}', found none: it was saved by another model.");
}
