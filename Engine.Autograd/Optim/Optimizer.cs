using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Autograd.Optim;

/// <summary>Renews parameters from gradients. What it remembers of each parameter is given back with Dispose.</summary>
public abstract class Optimizer : IDisposable
{
    private readonly List<Storage> _states = [];

    private protected Optimizer(IReadOnlyList<Parameter> parameters, double learningRate)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (parameters.Count == 0) throw new ArgumentException("An optimizer needs at least one parameter.");
        if (!(learningRate > 0) || double.IsInfinity(learningRate)) throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, "The learning rate must be positive and finite.");
        Parameters = parameters;
        LearningRate = learningRate;
    }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The learning rate; may be changed between steps.</summary>
    public double LearningRate { get; set; }

    /// <summary>The number of steps made.</summary>
    public long Steps { get; private set; }

    /// <summary>Renews every parameter once.</summary>
    /// <param name="gradients">One gradient for each of <see cref="Parameters"/>, in their order and of their shapes.</param>
    /// <exception cref="ArgumentException">The number or a shape does not fit; nothing was changed.</exception>
    public void Step(IReadOnlyList<Tensor> gradients)
    {
        if (gradients.Count != Parameters.Count) throw new ArgumentException($"Step: {Parameters.Count} parameters need as many gradients, found {gradients.Count}.");
        for (int i = 0; i < gradients.Count; i++)
        {
            if (gradients[i].Shape != Parameters[i].Shape)
                throw new ArgumentException($"Step: parameter {i} '{Parameters[i].Name}' has shape {Parameters[i].Shape}, its gradient {gradients[i].Shape}.");
        }

        Steps++;
        for (int i = 0; i < gradients.Count; i++) Update(i, Parameters[i].Storage, gradients[i].Storage);
    }

    /// <summary>Gives back what the optimizer remembers; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (Storage state in _states) state.Release();
        _states.Clear();
        GC.SuppressFinalize(this);
    }

    private protected abstract void Update(int index, Storage parameter, Storage gradient);

    /// <summary>Zeros beside every parameter.</summary>
    private protected Storage[] NewState()
    {
        Storage[] states = [.. Parameters.Select(parameter => parameter.Device.Allocate(parameter.DType, parameter.Count))];
        foreach (Storage state in states) Move.Fill(state, 0);
        _states.AddRange(states);
        return states;
    }
}
