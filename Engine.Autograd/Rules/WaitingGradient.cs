using Engine.Kernels;
using Engine.Kernels.Movement;

namespace Engine.Autograd.Rules;

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
