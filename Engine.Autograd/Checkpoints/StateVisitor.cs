using System.Globalization;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd.Checkpoints;

/// <summary>
/// What a checkpoint has to keep so that training resumes as if it had never stopped: modules, optimisers, models. One description serves
/// both directions: writing reads what it is shown, reading sets it.
/// </summary>
/// <example>
/// <code>
/// public void VisitState(StateVisitor visitor)
/// {
///     visitor.Part("network", _network);
///     visitor.Part("optimizer", _optimizer);
///     _best = visitor.Number("best", _best);
/// }
/// </code>
/// </example>
public interface IStateful
{
    /// <summary>Shows the state, always under the same names and in the same order.</summary>
    /// <param name="visitor">What reads it or sets it.</param>
    void VisitState(StateVisitor visitor);
}

/// <summary>
/// Traverses the state of a model. Names are joined with points to full names, such as <c>generator.0.weight</c>, and each may be used
/// once.
/// </summary>
public abstract class StateVisitor
{
    private string _prefix = "";

    /// <summary>Visits a part under a name.</summary>
    public void Part(string name, IStateful part)
    {
        ArgumentNullException.ThrowIfNull(part);
        string prefix = _prefix;
        _prefix = $"{Full(name)}.";
        try
        {
            part.VisitState(this);
        }
        finally
        {
            _prefix = prefix;
        }
    }

    /// <summary>Visits a tensor; when state is restored, its elements are overwritten.</summary>
    public void Tensor(string name, Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        OnTensor(Full(name), tensor.Storage, tensor.Shape, tensor);
    }

    /// <summary>Visits a block of memory that belongs to no tensor; when state is restored, its elements are overwritten.</summary>
    /// <param name="name">The name.</param>
    /// <param name="storage">The memory.</param>
    /// <param name="shape">The shape of what it holds.</param>
    public void Memory(string name, Storage storage, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(storage);
        OnTensor(Full(name), storage, shape, null);
    }

    /// <summary>
    /// Visits a block of memory that checkpoints of earlier versions lack: where state is restored without it, it is filled with zeros.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="storage">The memory.</param>
    /// <param name="shape">The shape of what it holds.</param>
    public void OptionalMemory(string name, Storage storage, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(storage);
        OnOptional(Full(name), storage, shape);
    }

    /// <summary>
    /// Visits a random stream; when state is restored, it continues from its saved position. Several users of one stream may visit it.
    /// </summary>
    public void Random(string name, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        OnRandom(Full(name), random);
    }

    /// <summary>Visits an integer.</summary>
    /// <returns>The value to continue with: the argument or, when state is restored, the saved value.</returns>
    public long Number(string name, long value)
    {
        string text = OnNumber(Full(name), value.ToString(CultureInfo.InvariantCulture));
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new CheckpointException($"'{Full(name)}': expected a whole number, found '{text}'.");
    }

    /// <summary>Visits a floating-point value.</summary>
    /// <returns>The value to continue with, to the bit: the argument or, when state is restored, the saved value.</returns>
    public double Number(string name, double value)
    {
        string text = OnNumber(Full(name), value.ToString("R", CultureInfo.InvariantCulture));
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new CheckpointException($"'{Full(name)}': expected a number, found '{text}'.");
    }

    /// <summary>A tensor or a block of memory.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="storage">Its elements.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="tensor">The tensor; null for a block of memory.</param>
    protected abstract void OnTensor(string name, Storage storage, Shape shape, Tensor? tensor);

    /// <summary>A block of memory that may be missing where state is restored, and is then filled with zeros.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="storage">Its elements.</param>
    /// <param name="shape">Its shape.</param>
    protected virtual void OnOptional(string name, Storage storage, Shape shape) => OnTensor(name, storage, shape, null);

    /// <summary>A random stream.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="random">The stream.</param>
    protected abstract void OnRandom(string name, RandomStream random);

    /// <summary>A scalar.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="text">The value, written so that reading returns the same bits.</param>
    /// <returns>The value to continue with.</returns>
    protected abstract string OnNumber(string name, string text);

    private string Full(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _prefix + name;
    }
}
