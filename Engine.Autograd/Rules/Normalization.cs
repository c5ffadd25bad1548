using Engine.Kernels;

namespace Engine.Autograd.Rules;

/// <summary>
/// What a normalisation's rules work with. Its fused backward kernel computes the gradients of input, gamma and beta together; the small
/// ones wait, in memory that the tape took in the forward pass, until their rules ask for them.
/// </summary>
/// <param name="x">The input.</param>
/// <param name="y">The output.</param>
/// <param name="gamma">The factors.</param>
/// <param name="beta">What is added.</param>
/// <param name="mean">The means.</param>
/// <param name="reciprocal">The reciprocal deviations.</param>
/// <param name="shift">What is added to each channel of each image of x, where there is such a thing.</param>
internal sealed class Normalization(Tensor x, Tensor y, Tensor? gamma, Tensor? beta, Tensor mean, Tensor reciprocal, Tensor? shift = null)
{
    private WaitingGradient? _dGamma, _dBeta, _dShift;

    internal delegate void BackwardKernel(Storage g, Storage dGamma, Storage dBeta, Storage? dx);

    internal Tensor X => x;

    internal Tensor Mean => mean;

    internal Tensor Reciprocal => reciprocal;

    /// <summary>Where the fused kernel writes the gradient of the shift; null where there is none.</summary>
    internal Storage? ShiftGradient => _dShift?.Storage;

    /// <summary>
    /// Records the operation: with the fused kernel where no graph of the gradient is wanted, with the composed rules otherwise.
    /// </summary>
    internal Tensor Record(
        Tape tape, string operation, Shape channels, BackwardKernel backward, Func<Tensor, Tensor> ofInput, Func<Tensor, Tensor> ofGamma,
        Func<Tensor, Tensor> ofBeta,
        Func<Tensor, Tensor>? ofShift = null)
    {
        if (tape.IsRecording)
        {
            (_dGamma, _dBeta) = (new(tape.NewTensor(channels, y.DType)), new(tape.NewTensor(channels, y.DType)));
            if (shift is not null) _dShift = new(tape.NewTensor(shift.Shape, y.DType));
        }
        Rule input = new(x, g => Tape.IsRecordingNow ? ofInput(g) : Input(g, backward));
        Rule factor = new(gamma!, g => Tape.IsRecordingNow ? ofGamma(g) : Small(g, backward, _dGamma!));
        Rule term = new(beta!, g => Tape.IsRecordingNow ? ofBeta(g) : Small(g, backward, _dBeta!));
        List<Rule> rules = [input];
        if (gamma is not null) rules.Add(factor);
        if (beta is not null) rules.Add(term);
        if (shift is not null) rules.Add(new Rule(shift, g => Tape.IsRecordingNow ? ofShift!(g) : Small(g, backward, _dShift!)));
        return tape.Record(operation, y, [.. rules]);
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
        _dShift?.Set(g);
    }
}
