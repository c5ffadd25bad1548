using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Gemm;
using Engine.Kernels.Mapping;

namespace Engine.Autograd;

// What products and convolutions have in common: a bias and an activation that their kernel applies while the sums are still in registers.
public partial class Tensor
{
    /// <summary>
    /// Records two operations, as if y = activation(s) had been computed from the sum s = product + bias: the rules of s do not read s, and
    /// that of the activation reads only y, so s itself is never stored. In the backward pass one kernel takes the gradient through the
    /// activation and sums its columns, which are the gradient of the bias.
    /// </summary>
    private static Tensor Activated(
        string operation, Tape tape, Tensor y, Activation activation, Tensor? bias, Rule ofInput, Rule ofWeight, object? details = null)
    {
        tape.Trace?.Add(operation, y, [ofInput.Input, ofWeight.Input, bias], (details, activation));
        int columns = y.Shape[-1];
        int rows = columns == 0 ? 0 : y.Count / columns;
        bool isActivated = activation.Kind != ActivationKind.None;

        // Where nothing is recorded, no tensor is needed for s: the result is then the only owner of its memory.
        bool needsSum = isActivated && tape.Carries(ofInput, ofWeight, bias);
        Tensor sum = needsSum ? tape.Alias(y, y.Shape) : y;
        WaitingGradient? ofBias = needsSum && bias is not null ? new(tape.NewTensor(bias.Shape, y.DType)) : null;
        if (bias is null) tape.Record(operation, sum, ofInput, ofWeight);
        else tape.Record(operation, sum, ofInput, ofWeight,
            new Rule(bias, g => ofBias is not null && ofBias.BelongsTo(g) ? ofBias.Copy() : g.Reshape(rows, columns).Sum(0)));
        return needsSum ? tape.Record(activation.Kind.ToString(), y, new Rule(sum, OfSum)) : y;

        Tensor OfSum(Tensor g)
        {
            if (Autograd.Tape.IsRecordingNow) return ComposedGradient(activation, g, y);
            Tape open = Autograd.Tape.Open("Gradients");
            Tensor result = open.MayOverwrite(g) ? open.Alias(g, g.Shape) : open.NewTensor(g.Shape, g.DType);
            WaitingGradient? sums = bias is not null && open.NeedsGradient(bias) ? ofBias : null;
            Kernels.Gemm.ActivationGradient.Run(g.Storage, y.Storage, activation, rows, columns, result.Storage, sums?.Storage);
            sums?.Set(result);
            return result;
        }
    }

    private static void CheckActivation(string operation, Activation activation)
    {
        if (!Enum.IsDefined(activation.Kind)) throw new ArgumentException(
            $"{operation}: expected an activation, found {activation.Kind}.");
    }

    /// <summary>
    /// The gradient of an activation's input in differentiable operations, from the gradient g and the value y of its output.
    /// </summary>
    private static Tensor ComposedGradient(Activation activation, Tensor g, Tensor y) =>
        activation.Kind switch
        {
            ActivationKind.Relu => g.WeightedBy(Ones(y.Shape, y.DType).Map(y, default(Kernels.Elementwise.ReluGradient))),
            ActivationKind.LeakyRelu => g.WeightedBy(
                Ones(y.Shape, y.DType).Map(y, new Kernels.Elementwise.LeakyReluGradient(activation.Slope))),
            ActivationKind.Tanh => g * (1 - y.Square()),
            ActivationKind.Sigmoid => g * y * (1 - y),
            _ => g,
        };
}
