using System.Globalization;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Devices;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Optim;

/// <summary>Updates parameters from gradients. Dispose releases the state that it keeps for each parameter.</summary>
public abstract class Optimizer : IStateful, IDisposable
{
    private readonly List<(string Name, Storage[] State)> _states = [];
    private double _learningRate;
    private bool _disposed;

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

    /// <summary>The learning rate; may be changed between steps, also to 0, where a schedule may end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double LearningRate
    {
        get => _learningRate;
        set
        {
            if (value != 0) CheckRate(value);
            _learningRate = value;
        }
    }

    /// <summary>The number of steps made.</summary>
    public long Steps { get; private set; }

    /// <summary>Renews every parameter once.</summary>
    /// <param name="gradients">One gradient for each of <see cref="Parameters"/>, in their order and of their shapes.</param>
    /// <exception cref="ArgumentException">The count, a shape, a type or a device does not fit; nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, a gradient or a parameter was released; nothing was changed.</exception>
    public void Step(IReadOnlyList<Tensor> gradients)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (gradients.Count != Parameters.Count) throw new ArgumentException(
            $"Step: {Parameters.Count} parameters need as many gradients, found {gradients.Count}.");
        for (int i = 0; i < gradients.Count; i++)
        {
            (Parameter parameter, Tensor gradient) = (Parameters[i], gradients[i]);
            parameter.ThrowIfDisposed();
            gradient.ThrowIfDisposed();
            if (gradient.Shape != parameter.Shape)
                throw new ArgumentException(
                    $"Step: parameter {i} '{parameter.FullName}' has shape {parameter.Shape}, its gradient {gradient.Shape}.");
            if (gradient.DType != parameter.DType || !ReferenceEquals(gradient.Device, parameter.Device))
                throw new ArgumentException($"Step: parameter {i} '{parameter.FullName}' is {parameter}, its gradient {gradient}.");
        }

        Steps++;
        Storage[] parameters = new Storage[gradients.Count], from = new Storage[gradients.Count];
        for (int i = 0; i < gradients.Count; i++) (parameters[i], from[i]) = (Parameters[i].Storage, gradients[i].Storage);
        Update(parameters, from);
        foreach (Storage parameter in parameters) parameter.Version++;
    }

    /// <summary>
    /// Visits the number of steps, the learning rate, and the state of each parameter, under its full name:
    /// <c>mean.0.weight</c>; under its place where parameters of several models have one name. The parameters themselves belong to their
    /// module.
    /// </summary>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        Steps = visitor.Number("steps", Steps);
        LearningRate = visitor.Number("learning_rate", LearningRate);
        string[] names = [.. Parameters.Select(parameter => parameter.FullName)];
        if (names.Distinct().Count() != names.Length) names = [.. names.Select((_, i) => i.ToString(CultureInfo.InvariantCulture))];
        foreach ((string name, Storage[] state) in _states)
            for (int i = 0; i < state.Length; i++) visitor.Memory($"{name}.{names[i]}", state[i], Parameters[i].Shape);
    }

    /// <summary>Releases the state of the optimizer; the parameters stay.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach ((_, Storage[] state) in _states)
            foreach (Storage storage in state) storage.Release();
        _states.Clear();
        GC.SuppressFinalize(this);
    }

    private static void CheckRate(double rate)
    {
        if (!(rate > 0) || double.IsInfinity(rate)) throw new ArgumentOutOfRangeException(
            nameof(rate), rate, "The learning rate must be positive and finite.");
    }

    /// <summary>Renews all parameters, in one launch, from their gradients.</summary>
    private protected abstract void Update(ReadOnlySpan<Storage> parameters, ReadOnlySpan<Storage> gradients);

    /// <summary>Zeros beside every parameter.</summary>
    /// <param name="name">Their name in checkpoints.</param>
    private protected Storage[] NewState(string name)
    {
        RunningOperation.Begin(GetType().Name);
        Storage[] states = [.. Parameters.Select(parameter => parameter.Device.Allocate(parameter.DType, parameter.Count))];
        foreach (Storage state in states) Move.Fill(state, 0);
        _states.Add((name, states));
        return states;
    }
}
