using Engine.Kernels;

namespace Engine.Autograd;

/// <summary>
/// What a normalisation's rules work with. Its fused backward kernel computes the gradients of input, gamma and beta together; the small ones
/// wait, in memory that the tape took in the forward pass, until their rules ask for them.
/// </summary>
internal sealed class Normalization(Tensor x, Tensor y, Tensor? gamma, Tensor? beta, Tensor mean, Tensor reciprocal)
{
    private WaitingGradient? _dGamma, _dBeta;

    internal delegate void BackwardKernel(Storage g, Storage dGamma, Storage dBeta, Storage? dx);

    internal Tensor X => x;

    internal Tensor Mean => mean;

    internal Tensor Reciprocal => reciprocal;

    /// <summary>Records the operation: with the fused kernel where no graph of the gradient is wanted, with the composed rules otherwise.</summary>
    internal Tensor Record(
        Tape tape, string operation, Shape channels, BackwardKernel backward, Func<Tensor, Tensor> ofInput, Func<Tensor, Tensor> ofGamma, Func<Tensor, Tensor> ofBeta)
    {
        if (tape.IsRecording) (_dGamma, _dBeta) = (new(tape.NewTensor(channels, y.DType)), new(tape.NewTensor(channels, y.DType)));
        Rule input = new(x, g => Tape.IsRecordingNow ? ofInput(g) : Input(g, backward));
        Rule factor = new(gamma!, g => Tape.IsRecordingNow ? ofGamma(g) : Small(g, backward, _dGamma!));
        Rule term = new(beta!, g => Tape.IsRecordingNow ? ofBeta(g) : Small(g, backward, _dBeta!));
        if (gamma is null) return beta is null ? tape.Record(operation, y, input) : tape.Record(operation, y, input, term);
        return beta is null ? tape.Record(operation, y, input, factor) : tape.Record(operation, y, input, factor, term);
    }

    private Tensor Input(Tensor g, BackwardKernel backward)
    {
        Tensor dx = Tape.Open("Gradients").NewTensor(x.Shape, x.DType);
        Compute(g, backward, dx.Storage);
        return dx;
    }

    private Tensor Small(Tensor g, BackwardKernel backward, WaitingGradient waiting)
    {
        if (!waiting.BelongsTo(g)) Compute(g, backward, null);
        return waiting.Copy();
    }

    private void Compute(Tensor g, BackwardKernel backward, Storage? dx)
    {
        backward(g.Storage, _dGamma!.Storage, _dBeta!.Storage, dx);
        _dGamma.Set(g);
        _dBeta.Set(g);
    }
}
