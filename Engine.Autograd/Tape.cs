using Engine.Autograd.Rules;
using Engine.Autograd.Tracing;
using Engine.Kernels;
using Engine.Kernels.Devices;
using Engine.Kernels.Movement;

namespace Engine.Autograd;

/// <summary>
/// Records operations, owns what they compute, and differentiates: <c>using var tape = new Tape();</c> opens it for the calling thread, and
/// its disposal returns every tensor computed on it to the device's pool, at once and without the garbage collector.
/// </summary>
/// <example>
/// <code>
/// using var tape = new Tape();
/// Tensor loss = model.Forward(x).Square().Mean();
/// optimizer.Step(tape.Gradients(loss, model.Parameters));
/// </code>
/// </example>
public sealed partial class Tape : IDisposable
{
    [ThreadStatic]
    private static Tape? s_current;

    // A tape belongs to the thread that opened it. Where an await hands the rest of a method to another thread, the first one goes on with
    // other work, which must not find the tape; where it comes back to the method, it does.
    private static readonly AsyncLocal<Tape?> s_flow = new(static change =>
    {
        if (change.ThreadContextChanged) s_current =
            change.CurrentValue is { } tape && tape._thread == Environment.CurrentManagedThreadId ? tape : null;
    });

    private readonly Tape? _outer;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly List<Tensor> _owned = new(128);
    private readonly List<Node> _nodes = new(64);
    private bool _disposed;

    /// <summary>Opens a tape on the calling thread, inside the one that is open there, if any.</summary>
    /// <param name="device">Where to compute; null takes the outer tape's device, or else <see cref="Device.Default"/>.</param>
    /// <param name="record">False for a tape that owns memory but records nothing: for inference.</param>
    public Tape(Device? device = null, bool record = true)
    {
        _outer = s_current;
        Device = device ?? _outer?.Device ?? Device.Default;
        IsRecording = record;
        Trace = _outer?.Trace;
        s_flow.Value = s_current = this;
    }

    /// <summary>Releases what was computed on a tape that nobody has closed and nobody can reach.</summary>
    ~Tape()
    {
        foreach (Tensor tensor in _owned) tensor.Forget();
    }

    /// <summary>The innermost tape that is open on the calling thread; null when none is.</summary>
    public static Tape? Current => s_current;

    /// <summary>The device that this tape computes on.</summary>
    public Device Device { get; }

    /// <summary>Whether operations are being recorded: false for inference, and while a gradient is computed without its graph.</summary>
    public bool IsRecording { get; private set; }

    /// <summary>What notes every operation, for other forms of the computation; null, as a rule, for nothing.</summary>
    internal Trace? Trace { get; set; }

    /// <summary>How many operations were recorded so far.</summary>
    public int OperationCount => _nodes.Count;

    /// <summary>The operations recorded so far, in the order in which they ran: the graph, for programs that show it.</summary>
    public IReadOnlyList<RecordedOperation> Operations =>
        [.. _nodes.Select(node => new RecordedOperation(node.Operation, node.Output, [.. node.Rules.Select(rule => rule.Input)]))];

    /// <summary>Marks a tensor as one that gradients are taken with respect to, as parameters are.</summary>
    /// <returns>The tensor itself.</returns>
    /// <exception cref="InvalidOperationException">The tensor was computed on a tape: gradients with respect to it can be taken as it
    /// is.</exception>
    public Tensor Watch(Tensor tensor)
    {
        ThrowIfDisposed();
        if (tensor.Node >= 0)
            throw new InvalidOperationException(
                "Watch: the tensor is the result of a recorded operation; gradients with respect to it can be taken as it is.");
        tensor.IsLeaf = true;
        return tensor;
    }

    /// <summary>Takes a tensor out of the tape: it outlives the tape, carries no graph, and is released by its own Dispose.</summary>
    /// <returns>A tensor with the same elements that belongs to no tape.</returns>
    /// <exception cref="ArgumentException">The tensor is not on this tape.</exception>
    public Tensor Keep(Tensor tensor)
    {
        ThrowIfDisposed();
        if (!ReferenceEquals(tensor.Tape, this)) throw new ArgumentException("Keep: the tensor does not belong to this tape.");
        Storage storage = tensor.Storage;
        if (storage.References == 1)
        {
            storage.AddReference();
            storage.GuardAgainstForgetting();
        }
        else
        {
            // Shared memory may be a parameter's, which an optimiser keeps changing.
            storage = Device.Allocate(tensor.DType, tensor.Count);
            Move.Copy(tensor.Storage, storage);
        }

        return new Tensor(storage, tensor.Shape, null) { HasLostGraph = tensor.HasLostGraph };
    }

    /// <summary>
    /// Records that <paramref name="output"/> was computed from the inputs that the rules name. This is how an operation is added, with any
    /// kernel: make the output with <see cref="NewTensor"/>, run the kernel, record one rule for each differentiable input.
    /// </summary>
    /// <returns>The output.</returns>
    /// <exception cref="ArgumentException">The output is not a tensor of this tape, or an operation was recorded for it
    /// already.</exception>
    public Tensor Record(string operation, Tensor output, params ReadOnlySpan<Rule> rules)
    {
        if (!ReferenceEquals(output.Tape, this) || output.Node >= 0)
            throw new ArgumentException(
                $"Record: {operation} must give a tensor of this tape that no operation was recorded for: make it with NewTensor.");
        bool carries = false;
        foreach (Rule rule in rules)
        {
            bool isFromAnotherTape = rule.Input.Node >= 0 && !ReferenceEquals(rule.Input.Tape, this);
            output.HasLostGraph |= rule.Input.HasLostGraph || (IsRecording && isFromAnotherTape);
            carries |= Carries(rule.Input);
            if (Trace is { } trace && trace.Depends(rule.Input)) trace.Recorded(operation, output);
        }

        if (!carries) return output;
        output.Node = _nodes.Count;
        int[] versions = new int[rules.Length];
        for (int i = 0; i < rules.Length; i++) versions[i] = rules[i].Input.Storage.Version;
        _nodes.Add(new Node(operation, output, rules.ToArray(), versions));
        return output;
    }

    /// <summary>A tensor of this tape whose elements are not set yet: the output of an operation.</summary>
    public Tensor NewTensor(Shape shape, DType dtype)
    {
        ThrowIfDisposed();
        Tensor tensor = new(Device.AllocateOwned(dtype, shape.Count), shape, this);
        Trace?.Made(tensor);
        return tensor;
    }

    /// <summary>Closes the tape and releases everything that was computed on it; after an await on whatever thread goes on.</summary>
    /// <exception cref="InvalidOperationException">A tape that was opened later is still open.</exception>
    public void Dispose()
    {
        if (_disposed) return;
        bool hasMoved = _thread != Environment.CurrentManagedThreadId && ReferenceEquals(s_flow.Value, this);
        if (!hasMoved && !ReferenceEquals(s_current, this))
            throw new InvalidOperationException(
                "Tapes close in the reverse of the order in which they were opened, on the thread that opened them.");
        _disposed = true;
        s_flow.Value = _outer;
        if (!hasMoved) s_current = _outer;
        GC.SuppressFinalize(this);
        for (int i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
        _owned.Clear();
        _nodes.Clear();
    }

    /// <summary>The tape that an operation, which begins here, computes on.</summary>
    /// <exception cref="InvalidOperationException">No tape is open.</exception>
    internal static Tape Open(string operation)
    {
        RunningOperation.Begin(operation);
        s_current?.Trace?.Begin();
        return s_current ?? throw NoneIsOpen(operation);
    }

    private static InvalidOperationException NoneIsOpen(string operation) => new(s_flow.Value is { _disposed: false }
        ? $"{operation}: the tape was opened on another thread, and computes there only. An await may go on on any thread: open a tape "
            + "between two of them, not around one."
        : $"{operation}: no tape is open. Open one around the computation with 'using var tape = new Tape();' (or 'new Tape(record: "
            + "false)' for inference).");

    /// <summary>
    /// The tape that an operation, which begins here, computes on, after what every operation checks of its arguments: they are on the
    /// tape's device.
    /// </summary>
    /// <param name="operation">The operation.</param>
    /// <param name="arguments">Its tensors; null for those that are not there.</param>
    /// <exception cref="ArgumentException">A tensor is on another device.</exception>
    internal static Tape Open(string operation, params ReadOnlySpan<Tensor?> arguments)
    {
        Tape tape = Open(operation);
        foreach (Tensor? argument in arguments)
            if (argument is not null) tape.Check(operation, argument);
        tape.Trace?.Begin(arguments);
        return tape;
    }

    /// <summary>
    /// As <see cref="Open(string, ReadOnlySpan{Tensor})"/>, for operations of real numbers: all hold float32, or all float64.
    /// </summary>
    /// <exception cref="ArgumentException">A tensor is on another device, holds int32, or another type than the first.</exception>
    internal static Tape OpenFloating(string operation, params ReadOnlySpan<Tensor?> arguments)
    {
        Tape tape = Open(operation, arguments);
        Tensor? first = null;
        foreach (Tensor? argument in arguments)
        {
            if (argument is null) continue;
            first ??= argument;
            if (argument.DType == DType.Int32 || argument.DType != first.DType) throw OtherType(operation, first, argument);
        }

        return tape;
    }

    /// <summary>Throws unless a tensor is there still, and on this tape's device.</summary>
    internal void Check(string operation, Tensor argument)
    {
        argument.ThrowIfDisposed();
        if (!ReferenceEquals(argument.Device, Device)) throw OtherDevice(operation, argument);
    }

    private static ArgumentException OtherType(string operation, Tensor first, Tensor argument) => new(argument.DType == DType.Int32
        ? $"{operation}: expected {DType.Float32} or {DType.Float64}, found {argument.DType} {argument.Shape}; convert it with Cast."
        : $"{operation}: expected arguments of one type, found {first.DType} {first.Shape} and {argument.DType} {argument.Shape}; convert "
            + "one with Cast.");

    private ArgumentException OtherDevice(string operation, Tensor argument) => new(
        $"{operation}: expected tensors on the device of the open tape, '{Device.Name}', found {argument.DType} {argument.Shape} on "
        + $"'{argument.Device.Name}'{(argument.Device.Name == Device.Name ? ", another of that name" : "")}.");

    /// <summary>
    /// Whether the innermost open tape records: whether a rule has to be written in operations that have rules themselves.
    /// </summary>
    internal static bool IsRecordingNow => s_current is { IsRecording: true };

    /// <summary>Whether <see cref="Record"/> adds a node for an operation with these inputs.</summary>
    internal bool Carries(Rule first, Rule second, Tensor? third) =>
        Carries(first.Input) || Carries(second.Input) || (third is not null && Carries(third));

    internal void Own(Tensor tensor) => _owned.Add(tensor);

    /// <summary>Another tensor on the same memory, in a shape of as many elements.</summary>
    internal Tensor Alias(Tensor tensor, Shape shape)
    {
        tensor.Storage.AddReference();
        return new Tensor(tensor.Storage, shape, this);
    }

    /// <summary>Whether gradients with respect to an input, or to what it was computed from, can be asked of this tape.</summary>
    private bool Carries(Tensor input) => IsRecording && (input.IsLeaf || (input.Node >= 0 && ReferenceEquals(input.Tape, this)));

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    /// <summary>A recorded operation.</summary>
    /// <param name="Operation">Its name.</param>
    /// <param name="Output">What it computed.</param>
    /// <param name="Rules">A rule for each differentiable input.</param>
    /// <param name="Versions">The version of each input's memory when it was read.</param>
    private sealed record Node(string Operation, Tensor Output, Rule[] Rules, int[] Versions)
    {
        /// <summary>Rules read the inputs again: they must still hold what the operation computed with.</summary>
        internal void CheckVersions()
        {
            for (int i = 0; i < Rules.Length; i++)
            {
                if (Rules[i].Input.Storage.Version != Versions[i])
                {
                    throw new InvalidOperationException(
                        $"Gradients: {Operation} read "
                        + $"{(Rules[i].Input is Nn.Parameter parameter ? $"parameter '{parameter.Name}'" : "a tensor")} "
                        + $"{Rules[i].Input.Shape}, " +
                        "which an optimizer step or Set has changed since. Take the gradients first, or compute the loss again.");
                }
            }
        }
    }
}
