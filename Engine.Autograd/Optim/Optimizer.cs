using Engine.Autograd.Nn;
using Engine.Kernels;

namespace Engine.Autograd.Optim;

/// <summary>Renews parameters from gradients. What it remembers of each parameter is given back with Dispose.</summary>
public abstract class Optimizer : IDisposable
{
    private readonly List<Storage> _states = [];
    private double _learningRate;

    private protected Optimizer(IReadOnlyList<Parameter> parameters, double learningRate)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (parameters.Count == 0) throw new ArgumentException("An optimizer needs at least one parameter.");
        CheckRate(learningRate);
        Parameters = [.. parameters];
        if (Parameters.Distinct().Count() != Parameters.Count) throw new ArgumentException("An optimizer takes each parameter once.");
        _learningRate = learningRate;
    }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The learning rate; may be changed between steps.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive and finite.</exception>
    public double LearningRate
    {
        get => _learningRate;
        set
        {
            CheckRate(value);
            _learningRate = value;
        }
    }

    /// <summary>The number of steps made.</summary>
    public long Steps { get; private set; }

    /// <summary>Renews every parameter once.</summary>
    /// <param name="gradients">One gradient for each of <see cref="Parameters"/>, in their order and of their shapes.</param>
    /// <exception cref="ArgumentException">The number, a shape, a type or a device does not fit; nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">A gradient or a parameter was given back; nothing was changed.</exception>
    public void Step(IReadOnlyList<Tensor> gradients)
    {
        if (gradients.Count != Parameters.Count) throw new ArgumentException($"Step: {Parameters.Count} parameters need as many gradients, found {gradients.Count}.");
        for (int i = 0; i < gradients.Count; i++)
        {
            (Parameter parameter, Tensor gradient) = (Parameters[i], gradients[i]);
            parameter.ThrowIfDisposed();
            gradient.ThrowIfDisposed();
            if (gradient.Shape != parameter.Shape)
                throw new ArgumentException($"Step: parameter {i} '{parameter.Name}' has shape {parameter.Shape}, its gradient {gradient.Shape}.");
            if (gradient.DType != parameter.DType || !ReferenceEquals(gradient.Device, parameter.Device))
                throw new ArgumentException($"Step: parameter {i} '{parameter.Name}' is {parameter}, its gradient {gradient}.");
        }

        Steps++;
        for (int i = 0; i < gradients.Count; i++)
        {
            Update(i, Parameters[i].Storage, gradients[i].Storage);
            Parameters[i].Storage.Version++;
        }
    }

    /// <summary>Gives back what the optimizer remembers; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (Storage state in _states) state.Release();
        _states.Clear();
        GC.SuppressFinalize(this);
    }

    private static void CheckRate(double rate)
    {
        if (!(rate > 0) || double.IsInfinity(rate)) throw new ArgumentOutOfRangeException(nameof(rate), rate, "The learning rate must be positive and finite.");
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
