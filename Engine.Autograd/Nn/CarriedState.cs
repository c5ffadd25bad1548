using Engine.Autograd.Checkpoints;
using Engine.Kernels;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Nn;

/// <summary>
/// States of recurrent layers that outlive the tape: what truncated backpropagation through time passes from one piece of a sequence to the
/// next (Williams and Peng 1990). The values carry over, gradients do not flow back. It belongs to the state of a training.
/// </summary>
/// <example>
/// <code>
/// using var tape = new Tape();
/// Tensor y = lstm.Forward(x, new LstmState(carried[0], carried[1]), out LstmState last);
/// adam.Step(tape.Gradients(Loss(y), lstm.Parameters));
/// carried.Store(last.Hidden, last.Cell);
/// </code>
/// </example>
public sealed class CarriedState : IStateful, IDisposable
{
    private readonly Tensor[] _tensors;

    /// <summary>States of zeros.</summary>
    /// <param name="shape">The shape of each, [layers, batch, hidden].</param>
    /// <param name="count">How many: 2 for a long short-term memory, h and c; 1 for a gated recurrent unit.</param>
    /// <param name="device">Where; null takes <see cref="Device.Default"/>.</param>
    /// <param name="dtype">The type of the elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is none.</exception>
    public CarriedState(Shape shape, int count, Device? device = null, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        device ??= Device.Default;
        _tensors = new Tensor[count];
        for (int i = 0; i < count; i++) _tensors[i] = new Tensor(device.Allocate(dtype, shape.Count), shape, null);
        Clear();
    }

    /// <summary>One of the states.</summary>
    public Tensor this[int index] => _tensors[index];

    /// <summary>Takes the values of states, in place of those before, of which the layers that read them have copies.</summary>
    /// <param name="states">As many as there are, of the same shape.</param>
    /// <exception cref="ArgumentException">There are more or fewer, or a shape differs; nothing was changed.</exception>
    public void Store(params ReadOnlySpan<Tensor> states)
    {
        if (states.Length != _tensors.Length) throw new ArgumentException(
            $"Store: expected {_tensors.Length} states, found {states.Length}.");
        foreach (Tensor state in states)
            if (state.Shape != _tensors[0].Shape) throw new ArgumentException(
                $"Store: expected states {_tensors[0].Shape}, found {state.Shape}.");
        for (int i = 0; i < states.Length; i++)
        {
            Move.Copy(states[i].Storage, _tensors[i].Storage);
            _tensors[i].Storage.Version++;
        }
    }

    /// <summary>Resets all states to zero.</summary>
    public void Clear()
    {
        foreach (Tensor tensor in _tensors)
        {
            Move.Fill(tensor.Storage, 0);
            tensor.Storage.Version++;
        }
    }

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        for (int i = 0; i < _tensors.Length; i++) visitor.Memory($"state{i}", _tensors[i].Storage, _tensors[i].Shape);
    }

    /// <summary>Releases the memory.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors) tensor.Dispose();
    }
}
