using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Training;

/// <summary>Collects the state of a model: tensors for a file, scalars and random streams as text.</summary>
internal sealed class StateWriter : StateVisitor
{
    /// <summary>The tensors; their elements are read when the file is written.</summary>
    public SafetensorsWriter File { get; } = new();

    /// <summary>Scalars by name.</summary>
    public Dictionary<string, string> Numbers { get; } = [];

    /// <summary>Random streams by name, as <c>key:position</c>.</summary>
    public Dictionary<string, string> RandomStreams { get; } = [];

    /// <summary>Every parameter with its full name.</summary>
    public Dictionary<Tensor, string> Parameters { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>What training changes and sampling uses, parameters and running statistics: it has to be finite.</summary>
    public List<(string Name, Storage Elements)> Weights { get; } = [];

    /// <summary>A random stream's state as text.</summary>
    public static string Text(RandomStreamState state) => string.Create(CultureInfo.InvariantCulture, $"{state.Key:x16}:{state.Position}");

    protected override void OnTensor(string name, Storage storage, Shape shape, Tensor? tensor)
    {
        File.Add(name, storage, shape);
        if (tensor is not null) Weights.Add((name, storage));
        if (tensor is Parameter) Parameters.TryAdd(tensor, name);
    }

    protected override void OnRandom(string name, RandomStream random) => Add(RandomStreams, name, Text(random.State));

    protected override string OnNumber(string name, string text)
    {
        Add(Numbers, name, text);
        return text;
    }

    private static void Add(Dictionary<string, string> texts, string name, string text)
    {
        if (!texts.TryAdd(name, text)) throw new ArgumentException($"The state has two things named '{name}'.");
    }
}
