namespace Engine.Tests.Training;

/// <summary>A small model in training, to be stopped, killed and resumed: <see cref="TrainedPrograms"/>.</summary>
internal abstract class TrainedModel : IStateful, IDisposable
{
    private readonly List<(string Name, IStateful State)> _parts = [];

    /// <summary>Those parts that are networks.</summary>
    public (string Name, Module Network)[] Networks =>
        [.. _parts.Where(part => part.State is Module).Select(part => (part.Name, (Module)part.State))];

    /// <summary>One step.</summary>
    public abstract Reading Step(Batch batch);

    /// <summary>A picture's pixels.</summary>
    /// <param name="stop">Cancels it.</param>
    public abstract float[] Sample(CancellationToken stop);

    public virtual void VisitState(StateVisitor visitor)
    {
        foreach ((string name, IStateful state) in _parts) visitor.Part(name, state);
    }

    public virtual void Dispose()
    {
        for (int i = _parts.Count - 1; i >= 0; i--) (_parts[i].State as IDisposable)?.Dispose();
    }

    /// <summary>Makes something a part of the state, which is disposed with the model, the last one first.</summary>
    protected T Part<T>(string name, T state) where T : IStateful
    {
        _parts.Add((name, state));
        return state;
    }
}
