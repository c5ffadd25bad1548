using Engine.Kernels.Devices;

namespace Engine.Autograd.Tracing;

/// <summary>
/// Notes what is computed from given inputs while a tape is open: every operation with its arguments, constants and results, so that it can
/// be written down in another form. What does not depend on the inputs is a constant: its elements are there already.
/// </summary>
/// <remarks>
/// An operation describes itself with Add. What came out of one that does not is known too, by its name, so that whoever needs
/// it can say what is missing: a result that depends on the inputs is never taken for a constant.
/// </remarks>
internal sealed class Trace
{
    private readonly HashSet<Tensor> _results = [];
    private readonly Dictionary<Tensor, string> _undescribed = [];
    private readonly List<TracedOperation> _operations = [];

    // Whether the operation that began last reads what depends on the inputs.
    private bool _reads;

    /// <summary>Starts with inputs from which nothing has been computed yet.</summary>
    internal Trace(params ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs) _results.Add(input);
    }

    /// <summary>The operations that depend on the inputs, in the order in which they ran.</summary>
    internal IReadOnlyList<TracedOperation> Operations => _operations;

    /// <summary>Whether a tensor is an input or was computed from one.</summary>
    internal bool Depends(Tensor tensor) => _results.Contains(tensor) || _undescribed.ContainsKey(tensor);

    /// <summary>What computed a tensor that no described operation did; null for all others.</summary>
    internal string? Undescribed(Tensor tensor) => _undescribed.GetValueOrDefault(tensor);

    /// <summary>An operation begins, whose arguments are not known.</summary>
    internal void Begin() => _reads = true;

    /// <summary>An operation begins.</summary>
    internal void Begin(ReadOnlySpan<Tensor?> arguments)
    {
        _reads = false;
        foreach (Tensor? argument in arguments) _reads |= argument is not null && Depends(argument);
    }

    /// <summary>Memory for a result of the operation that began last.</summary>
    internal void Made(Tensor tensor)
    {
        if (_reads) _undescribed[tensor] = RunningOperation.Description ?? "an operation";
    }

    /// <summary>A result of an operation that did not describe itself before it was recorded.</summary>
    internal void Recorded(string operation, Tensor output)
    {
        if (!_results.Contains(output)) _undescribed.TryAdd(output, operation);
    }

    /// <summary>Describes an operation, whose results are there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="outputs">Its results.</param>
    /// <param name="inputs">Its arguments in their order; null for those that are not there.</param>
    /// <param name="details">Its constants, the same for every size of a batch; null where there are none.</param>
    internal void Add(string name, Tensor[] outputs, Tensor?[] inputs, object? details = null)
    {
        foreach (Tensor output in outputs) _undescribed.Remove(output);
        if (!inputs.Any(input => input is not null && Depends(input))) return;
        foreach (Tensor output in outputs) _results.Add(output);

        // What was described as a step of an operation and is described again as the whole
        if (_operations.Count > 0 && ReferenceEquals(_operations[^1].Outputs[0], outputs[0])) _operations.RemoveAt(_operations.Count - 1);
        _operations.Add(new TracedOperation(name, outputs, inputs, details));
    }

    /// <summary>Describes an operation of one result.</summary>
    internal void Add(string name, Tensor output, Tensor?[] inputs, object? details = null) => Add(name, [output], inputs, details);

    /// <summary>A tensor that is no constant and that nothing describes.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="what">What computed it.</param>
    internal void Refuse(Tensor tensor, string what)
    {
        if (!_results.Contains(tensor)) _undescribed[tensor] = what;
    }

    /// <summary>Elements that depend on the inputs are asked for: what is made of them would be the same for all inputs.</summary>
    /// <exception cref="InvalidOperationException">They do.</exception>
    internal void ThrowIfRead(string operation, Tensor tensor)
    {
        if (Depends(tensor)) throw new InvalidOperationException(
            $"{operation}: while a trace is made, elements that depend on its inputs cannot be read, found {tensor.DType} "
            + $"{tensor.Shape}: the trace would hold for these inputs alone.");
    }
}

/// <summary>An operation that was traced.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Outputs">Its results.</param>
/// <param name="Inputs">Its arguments in their order; null for those that are not there.</param>
/// <param name="Details">Its constants.</param>
internal sealed record TracedOperation(string Name, Tensor[] Outputs, Tensor?[] Inputs, object? Details)
{
    /// <summary>Whether another operation of the same constants is at this place.</summary>
    internal bool IsLike(TracedOperation other) =>
        Name == other.Name && Inputs.Length == other.Inputs.Length && Outputs.Length == other.Outputs.Length
        && (Details is int[] own && other.Details is int[] others ? own.AsSpan().SequenceEqual(others) : Equals(Details, other.Details));
}
