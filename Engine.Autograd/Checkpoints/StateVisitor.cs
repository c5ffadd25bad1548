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
    /// <summary>More than any count of steps, samples or random numbers comes to, and far from where one more overflows.</summary>
    public const long MostCount = 1L << 60;

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
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <param name="least">The least that a saved value may be.</param>
    /// <param name="most">The most that a saved value may be.</param>
    /// <returns>The value to continue with: the argument or, when state is restored, the saved value.</returns>
    /// <exception cref="CheckpointException">The saved value is no integer, or out of range.</exception>
    public long Number(string name, long value, long least = long.MinValue, long most = long.MaxValue)
    {
        string full = Full(name);
        if (OnSaved(full) is { } saved && (!TryParse(saved, out long number) || number < least || number > most))
        {
            string range = least == long.MinValue && most == long.MaxValue ? ""
                : most == long.MaxValue ? $" of at least {least}" : $" from {least} to {most}";
            throw Refused($"number {Wording.Name(full)}: expected a whole number{range}, found {Wording.Name(saved)}.");
        }

        string text = OnNumber(full, value.ToString(CultureInfo.InvariantCulture));
        return TryParse(text, out long result) ? result
            : throw Refused($"number {Wording.Name(full)}: expected a whole number, found {Wording.Name(text)}.");
    }

    /// <summary>Visits a floating-point value.</summary>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <param name="least">The least that a saved value may be; with a bound on either side it may not be NaN.</param>
    /// <param name="most">The most that a saved value may be.</param>
    /// <returns>The value to continue with, to the bit: the argument or, when state is restored, the saved value.</returns>
    /// <exception cref="CheckpointException">The saved value is no number, or out of range.</exception>
    public double Number(
        string name, double value, double least = double.NegativeInfinity, double most = double.PositiveInfinity)
    {
        string full = Full(name);
        bool isBounded = least > double.NegativeInfinity || most < double.PositiveInfinity;
        if (OnSaved(full) is { } saved
            && (!TryParse(saved, out double number) || (isBounded && !(number >= least && number <= most))))
        {
            string range = !isBounded ? "" : most >= double.MaxValue ? FormattableString.Invariant($", finite and at least {least}")
                : FormattableString.Invariant($" from {least} to {most}");
            throw Refused($"number {Wording.Name(full)}: expected a number{range}, found {Wording.Name(saved)}.");
        }

        string text = OnNumber(full, value.ToString("R", CultureInfo.InvariantCulture));
        return TryParse(text, out double result) ? result
            : throw Refused($"number {Wording.Name(full)}: expected a number, found {Wording.Name(text)}.");
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

    /// <summary>
    /// The saved value of a scalar, for its check, by a visitor that restores state or only compares it; null by one that has none.
    /// </summary>
    /// <param name="name">Its full name.</param>
    protected virtual string? OnSaved(string name) => null;

    /// <summary>The exception for state that cannot be restored.</summary>
    /// <param name="message">What was expected and what was found.</param>
    protected virtual CheckpointException Refused(string message) => new(message);

    private static bool TryParse(string text, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static bool TryParse(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    private string Full(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _prefix + name;
    }
}
