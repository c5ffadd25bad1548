using System.Globalization;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Devices;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Optim;

/// <summary>
/// Updates parameters from gradients, all alike or in groups that have a learning rate and a weight decay of their own
/// (<see cref="ParameterGroups"/>). Dispose releases the state that it keeps for each parameter.
/// </summary>
public abstract class Optimizer : IStateful, IDisposable
{
    private readonly List<(string Name, Storage[] State)> _states = [];
    private readonly UpdateGroup[] _groups;
    private double _learningRate;
    private bool _disposed;

    private protected Optimizer(ParameterGroups parameters, double learningRate, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameters = parameters.Parameters;
        if (Parameters.Count == 0) throw new ArgumentException("An optimizer needs at least one parameter.");
        CheckRate(learningRate);
        ParameterGroup.CheckDecay(weightDecay);
        if (Parameters.Distinct().Count() != Parameters.Count) throw new ArgumentException("An optimizer takes each parameter once.");
        (_learningRate, WeightDecay) = (learningRate, weightDecay);
        Dictionary<Parameter, int> places = Parameters.Select((parameter, i) => (parameter, i)).ToDictionary();
        _groups = [.. parameters.Groups.Where(group => group.Parameters.Count > 0).Select(group => new UpdateGroup(
            parameters.Groups.Count == 1 ? null : [.. group.Parameters.Select(parameter => places[parameter])],
            group.LearningRateFactor, group.WeightDecay ?? weightDecay))];
    }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>
    /// The learning rate; may be changed between steps, also to 0, where a schedule may end. A group of parameters has its
    /// <see cref="ParameterGroup.LearningRateFactor"/> of it.
    /// </summary>
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

    /// <summary>The weight decay of parameters whose group has none of its own.</summary>
    public double WeightDecay { get; }

    /// <summary>The number of steps made.</summary>
    public long Steps { get; private set; }

    /// <summary>Renews every parameter once.</summary>
    /// <param name="gradients">One gradient for each of <see cref="Parameters"/>, in their order and of their shapes.</param>
    /// <exception cref="ArgumentException">The count, a shape, a type or a device does not fit; nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The optimizer, a gradient or a parameter was released; nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">An average of a parameter is in use in its place
    /// (<see cref="ExponentialMovingAverage.Use"/>); nothing was changed.</exception>
    public void Step(IReadOnlyList<Tensor> gradients)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(gradients);
        if (gradients.Count != Parameters.Count) throw new ArgumentException(
            $"Step: {Parameters.Count} parameters need as many gradients, found {gradients.Count}.");
        for (int i = 0; i < gradients.Count; i++)
        {
            (Parameter parameter, Tensor gradient) = (Parameters[i], gradients[i]);
            if (gradient is null) throw new ArgumentException($"Step: the gradient of parameter {i} '{parameter.FullName}' is null.");
            parameter.ThrowIfDisposed();
            gradient.ThrowIfDisposed();
            parameter.ThrowIfHoldsAverage(nameof(Step));
            if (gradient.Shape != parameter.Shape)
                throw new ArgumentException(
                    $"Step: parameter {i} '{parameter.FullName}' has shape {parameter.Shape}, its gradient {gradient.Shape}.");
            if (gradient.DType != parameter.DType || !ReferenceEquals(gradient.Device, parameter.Device))
                throw new ArgumentException($"Step: parameter {i} '{parameter.FullName}' is {parameter}, its gradient {gradient}.");
        }

        Steps++;
        Storage[] parameters = new Storage[gradients.Count], from = new Storage[gradients.Count];
        for (int i = 0; i < gradients.Count; i++) (parameters[i], from[i]) = (Parameters[i].Storage, gradients[i].Storage);
        foreach (UpdateGroup group in _groups)
            Update(group, group.Of(parameters), group.Of(from), LearningRate * group.LearningRateFactor, group.WeightDecay);
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
        Steps = visitor.Number("steps", Steps, 0, StateVisitor.MostCount);
        LearningRate = visitor.Number("learning_rate", LearningRate, 0, double.MaxValue);
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

    /// <summary>Renews the parameters of a group, in one launch, from their gradients.</summary>
    /// <param name="group">The group, which picks its part of a state.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="learningRate">Their learning rate.</param>
    /// <param name="weightDecay">Their weight decay.</param>
    private protected abstract void Update(
        UpdateGroup group, Storage[] parameters, Storage[] gradients, double learningRate, double weightDecay);

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

/// <summary>A group of parameters as an optimizer's step sees it.</summary>
/// <param name="members">The places of its parameters among all; null where it has all of them.</param>
/// <param name="learningRateFactor">Its learning rate over the optimizer's.</param>
/// <param name="weightDecay">Its weight decay.</param>
internal sealed class UpdateGroup(int[]? members, double learningRateFactor, double weightDecay)
{
    internal double LearningRateFactor => learningRateFactor;

    internal double WeightDecay => weightDecay;

    /// <summary>What belongs to the group of an array with an element for each parameter; an array of none stays one.</summary>
    internal Storage[] Of(Storage[] all) => members is null || all.Length == 0 ? all : Array.ConvertAll(members, place => all[place]);
}
