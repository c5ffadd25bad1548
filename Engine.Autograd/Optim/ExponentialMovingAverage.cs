using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.Optimizers;

namespace Engine.Autograd.Optim;

/// <summary>
/// The exponential moving average of a module's parameters, which as a rule evaluates better than the parameters themselves (Polyak and
/// Juditsky 1992). It begins at the parameters as they are (<see cref="Begin"/>); buffers, such as running statistics, stay those of the
/// module. It is kept to twice the digits of the parameters' type, as a sum of two arrays, so that it follows them however near its decay
/// is to 1.
/// </summary>
/// <example>
/// <code>
/// optimizer.Step(gradients);
/// average.Update();
/// using (average.Use()) Evaluate(model);
/// </code>
/// </example>
public sealed class ExponentialMovingAverage : IStateful, IDisposable
{
    private readonly (string Name, Parameter Parameter)[] _parameters;
    private readonly Storage[] _averages;
    private readonly Storage[] _compensations;
    private bool _isInUse;
    private bool _disposed;

    /// <summary>Begins an average.</summary>
    /// <param name="module">The module.</param>
    /// <param name="decay">The share of the average that stays at each update, in [0, 1).</param>
    /// <param name="warmUp">True to begin with smaller decays, (1 + updates) / (10 + updates), so that the first parameters are soon
    /// forgotten.</param>
    /// <exception cref="ArgumentException">The module has no parameters.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The decay is not in [0, 1).</exception>
    public ExponentialMovingAverage(Module module, double decay = 0.999, bool warmUp = false)
    {
        ArgumentNullException.ThrowIfNull(module);
        Decay = decay is >= 0 and < 1 ? decay : throw new ArgumentOutOfRangeException(nameof(decay), decay, "A decay must be in [0, 1).");
        HasWarmUp = warmUp;
        _parameters = [.. module.NamedParameters().DistinctBy(named => named.Parameter)];
        if (_parameters.Length == 0) throw new ArgumentException("An average needs at least one parameter.");
        _averages = [.. _parameters.Select(named => named.Parameter.Device.Allocate(named.Parameter.DType, named.Parameter.Count))];
        _compensations = [.. _averages.Select(average => average.Device.Allocate(average.DType, average.Length))];
        Begin();
    }

    /// <summary>The share of the average that stays at each update, once warmed up.</summary>
    public double Decay { get; }

    /// <summary>Whether it begins with smaller decays.</summary>
    public bool HasWarmUp { get; }

    /// <summary>The number of updates made.</summary>
    public long Updates { get; private set; }

    /// <summary>
    /// Begins at the parameters as they are now, where no update has been made yet: weights may have been loaded since the average was
    /// made. A training step calls it before it changes them.
    /// </summary>
    public void Begin()
    {
        if (Updates > 0 || _isInUse) return;
        for (int i = 0; i < _averages.Length; i++)
        {
            Move.Copy(_parameters[i].Parameter.Storage, _averages[i]);
            Move.Fill(_compensations[i], 0);
        }
    }

    /// <summary>
    /// Updates the average with the current parameters: average += (1 - decay) (parameter - average). Call it after each step of the
    /// optimizer.
    /// </summary>
    /// <exception cref="InvalidOperationException">This average, or another one of the same parameters, is in use in their
    /// place.</exception>
    public void Update()
    {
        ThrowIfUnfit(nameof(Update));
        double decay = HasWarmUp ? Math.Min(Decay, (1.0 + Updates) / (10.0 + Updates)) : Decay;
        AverageUpdate.Run(_averages, _compensations, Storages(), decay);
        Updates++;
    }

    /// <summary>
    /// Exchanges the parameters for their average until the result is disposed, which brings them back to the bit. Whatever would change
    /// them in the meantime, an optimizer's step, <see cref="Parameter.Set"/> or loaded weights, is refused, as it would be lost.
    /// </summary>
    /// <exception cref="InvalidOperationException">This average, or another one of the same parameters, is in use already.</exception>
    public IDisposable Use()
    {
        ThrowIfUnfit(nameof(Use));
        Begin();
        Exchange();
        return new Usage(this);
    }

    /// <summary>
    /// Shows a checkpoint the number of updates and the average of each parameter, under its full name, with what rounding has cut off it,
    /// which checkpoints of earlier versions lack.
    /// </summary>
    /// <exception cref="InvalidOperationException">The average is in use, in place of the parameters.</exception>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        ThrowIfUnfit(nameof(VisitState));
        Begin();
        Updates = visitor.Number("updates", Updates, 0, StateVisitor.MostCount);
        for (int i = 0; i < _averages.Length; i++) visitor.Memory(_parameters[i].Name, _averages[i], _parameters[i].Parameter.Shape);
        for (int i = 0; i < _averages.Length; i++)
            visitor.OptionalMemory($"compensation.{_parameters[i].Name}", _compensations[i], _parameters[i].Parameter.Shape);
    }

    /// <summary>Releases the average; the parameters stay, and are restored where the average was in use.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        if (_isInUse) Exchange();
        _disposed = true;
        foreach (Storage storage in (Storage[])[.. _averages, .. _compensations]) storage.Release();
    }

    private void Exchange()
    {
        AverageUpdate.Exchange(Storages(), _averages);
        _isInUse = !_isInUse;
        foreach ((_, Parameter parameter) in _parameters)
        {
            parameter.Storage.Version++;
            parameter.HoldsAverage = _isInUse;
        }
    }

    private Storage[] Storages() => Array.ConvertAll(_parameters, named => named.Parameter.Storage);

    private void ThrowIfUnfit(string operation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_isInUse) throw new InvalidOperationException(
            $"{operation}: the average is in use, in place of the parameters. Dispose what Use returned first.");
        foreach ((_, Parameter parameter) in _parameters) parameter.ThrowIfHoldsAverage(operation);
    }

    private sealed class Usage(ExponentialMovingAverage average) : IDisposable
    {
        private bool _isOver;

        public void Dispose()
        {
            if (!_isOver && average._isInUse) average.Exchange();
            _isOver = true;
        }
    }
}
