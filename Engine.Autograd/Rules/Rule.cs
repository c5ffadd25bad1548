using Engine.Kernels;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Rules;

/// <summary>
/// The derivative rule of an operation for one of its inputs: the vector-Jacobian product. Written in tensor operations, it can be
/// differentiated itself, so that gradients of gradients need no rule of their own. Rules must not share what they compute: each one's
/// intermediate results are released, and its result may be added to in place, as soon as it has run.
/// </summary>
/// <param name="Input">The input.</param>
/// <param name="Gradient">From the gradient of the output to the gradient of the input, of the input's shape.</param>
/// <param name="Accumulate">
/// Optional: adds the gradient of the input into an existing sum (second argument) in place, saving a pass over memory for an operation
/// that can. Used only where no graph of the gradient is recorded.
/// </param>
public readonly record struct Rule(Tensor Input, Func<Tensor, Tensor> Gradient, Action<Tensor, Tensor>? Accumulate = null);

/// <summary>
/// A small gradient that a fused backward kernel computes along with a large one. It waits, in memory that the tape took in the forward
/// pass, until its own rule asks for it.
/// </summary>
/// <param name="memory">Where it waits.</param>
internal sealed class WaitingGradient(Tensor memory)
{
    /// <summary>
    /// The gradient that was the kernel's argument or, where that one may be gone, its large result: what the rule will be given.
    /// </summary>
    private Tensor? _belongsTo;

    /// <summary>What the kernel writes to.</summary>
    internal Storage Storage => memory.Storage;

    internal bool BelongsTo(Tensor gradient) => ReferenceEquals(_belongsTo, gradient);

    /// <summary>Says that the kernel has written.</summary>
    internal void Set(Tensor belongsTo) => _belongsTo = belongsTo;

    /// <summary>A copy of it: a gradient may be added to in place.</summary>
    internal Tensor Copy()
    {
        Tensor gradient = Tape.Open("Gradients").NewTensor(memory.Shape, memory.DType);
        Move.Copy(memory.Storage, gradient.Storage);
        return gradient;
    }
}
