using Engine.Autograd.Checks;

namespace Engine.Autograd;

public sealed partial class Tape
{
    /// <summary>
    /// The gradients of a scalar with respect to tensors: reverse-mode differentiation. Only what these gradients need is computed.
    /// </summary>
    /// <param name="loss">The scalar.</param>
    /// <param name="with">Parameters, watched tensors, or results of operations on this tape.</param>
    /// <param name="createGraph">True to record the computation of the gradients, so that they can be differentiated again.</param>
    /// <returns>One gradient for each tensor, of its shape; zeros where the loss does not depend on it. They belong to this tape.</returns>
    /// <exception cref="ArgumentException">The loss is not a scalar, or is not on this tape.</exception>
    /// <exception cref="InvalidOperationException">
    /// The loss carries no graph: nothing was recorded, or it was computed from gradients without a graph or from results of another tape.
    /// Or a tensor to differentiate with respect to is none that the tape follows, or this is not the innermost tape that is open on the
    /// calling thread.
    /// </exception>
    /// <exception cref="NonFiniteException">The loss or a gradient is NaN or infinite, and a <see cref="FiniteGuard"/> is open.</exception>
    public Tensor[] Gradients(Tensor loss, IReadOnlyList<Tensor> with, bool createGraph = false)
    {
        if (loss.Count != 1) throw new ArgumentException(
            $"Gradients: the loss must be a scalar, found shape {loss.Shape}. Sum or average it first.");
        return Gradients(loss, Tensor.Ones(loss.Shape, loss.DType), with, createGraph);
    }

    /// <summary>The gradient of a scalar with respect to one tensor.</summary>
    /// <inheritdoc cref="Gradients(Tensor, IReadOnlyList{Tensor}, bool)"/>
    public Tensor Gradient(Tensor loss, Tensor with, bool createGraph = false) => Gradients(loss, [with], createGraph)[0];

    /// <summary>Vector-Jacobian products: the gradients of sum(<paramref name="seed"/> * <paramref name="output"/>).</summary>
    /// <param name="output">A tensor of any shape.</param>
    /// <param name="seed">The weight of each element of the output; of its shape.</param>
    /// <param name="with">Parameters, watched tensors, or results of operations on this tape.</param>
    /// <param name="createGraph">True to record the computation of the gradients, so that they can be differentiated again.</param>
    /// <inheritdoc cref="Gradients(Tensor, IReadOnlyList{Tensor}, bool)" path="/returns|/exception"/>
    public Tensor[] Gradients(Tensor output, Tensor seed, IReadOnlyList<Tensor> with, bool createGraph = false)
    {
        ThrowIfDisposed();
        if (!ReferenceEquals(s_current, this))
            throw new InvalidOperationException(
                "Gradients: a tape that was opened later is still open, or this one belongs to another thread.");
        CheckDifferentiable(output);
        if (seed.Shape != output.Shape) throw new ArgumentException(
            $"Gradients: the seed has shape {seed.Shape}, the output {output.Shape}.");
        if (createGraph && !IsRecording) throw new InvalidOperationException(
            "Gradients: the tape does not record, so no graph of the gradients can be made.");

        // With a graph of the gradients, what is not finite in them shows in the loss that is computed from them.
        FiniteGuard? guard = createGraph ? null : FiniteGuard.Current;
        if (guard is not null) CheckLoss(guard, output, with);
        bool recording = IsRecording;
        IsRecording = createGraph;
        try
        {
            Tensor[] gradients = new Backward(this, output, with, createGraph).Run(seed);
            if (guard is not null) CheckGradients(guard, output, seed, with, gradients);
            return gradients;
        }
        finally
        {
            IsRecording = recording;
        }
    }

    private void CheckDifferentiable(Tensor output)
    {
        output.ThrowIfDisposed();
        if (output.HasLostGraph)
        {
            throw new InvalidOperationException(
                "Gradients: the tensor was computed from gradients that carry no graph, or from results that another tape recorded, so "
                + "part of its " +
                "derivative would silently be missing. Compute those gradients with createGraph: true, and everything on one tape, or "
                + "take them " +
                "out of the graph with Detach() if they are meant as constants.");
        }

        if (!output.IsLeaf && (output.Node < 0 || !ReferenceEquals(output.Tape, this)))
        {
            throw new InvalidOperationException(
                "Gradients: the tensor carries no graph on this tape. It was computed on another tape, on one that does not record, or "
                + "from " +
                "tensors that are neither parameters nor watched: mark the inputs with Tape.Watch before computing with them.");
        }
    }
}
