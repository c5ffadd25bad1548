namespace Engine.Tests.Checkpoints;

/// <summary>Keeps a copy of the state that it is shown, or sets that of another copy.</summary>
internal sealed class StateCopy : StateVisitor
{
    private readonly bool _sets;

    internal StateCopy()
    {
    }

    private StateCopy(StateCopy of)
    {
        (Elements, Numbers) = (of.Elements, of.Numbers);
        _sets = true;
    }

    internal Dictionary<string, double[]> Elements { get; } = [];

    internal Dictionary<string, string> Numbers { get; } = [];

    internal StateCopy ToSet() => new(this);

    protected override void OnTensor(string name, Storage storage, Shape shape, Tensor? tensor)
    {
        if (_sets) storage.CopyFrom<float>(Array.ConvertAll(Elements[name], x => (float)x));
        else Elements.Add(name, Array.ConvertAll(storage.AsSpan<float>().ToArray(), x => (double)x));
    }

    protected override void OnRandom(string name, RandomStream random) => throw new NotSupportedException();

    protected override string OnNumber(string name, string text)
    {
        if (_sets) return Numbers[name];
        Numbers.Add(name, text);
        return text;
    }
}
