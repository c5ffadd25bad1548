using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.Recurrent;
using Engine.Kernels.Reductions;

namespace Engine.Autograd.Rules;

/// <summary>A gated recurrent unit over whole sequences: see <see cref="Tensor.Gru"/>.</summary>
internal sealed class GruSequence : RecurrentSequence
{
    private readonly Tensor _kept, _hiddenBefore;

    internal GruSequence(RecurrentShape shape, Tensor input, Tensor weight, Tensor? bias, Tensor? hidden)
        : base(nameof(Tensor.Gru), shape, GruCell.Gates, input, weight, bias, hidden)
    {
        _kept = Tape.NewTensor(Output.Shape.With(-1, GruCell.Kept * shape.Hidden), input.DType);
        _hiddenBefore = Tape.NewTensor(Output.Shape, input.DType);
        Storage state = Scratch(shape.StepLength), product = Scratch(GruCell.Gates * shape.StepLength);
        try
        {
            FillFrom(state, hidden);
            for (int step = 0; step < shape.Steps; step++)
            {
                Product.Run(state, product, bias?.Storage);
                GruCell.Forward(shape, step, input.Storage, product, state, Output.Storage, _kept.Storage, _hiddenBefore.Storage);
            }
        }
        finally
        {
            state.Release();
            product.Release();
        }

        Record(nameof(Tensor.Gru), Output);
    }

    private protected override void Backward(Tensor result, Tensor g, Storage inputGradient, Storage?[] others)
    {
        Storage dHidden = Scratch(Shape.StepLength), dProduct = Scratch(GruCell.Gates * Shape.StepLength),
            dProducts = Scratch(GruCell.Gates * Shape.Length);
        try
        {
            Move.Fill(dHidden, 0);
            for (int step = Shape.Steps - 1; step >= 0; step--)
            {
                GruCell.Backward(Shape, step, g.Storage, dHidden, _kept.Storage, _hiddenBefore.Storage, inputGradient, dProduct, dProducts);
                if (step > 0 || others[3] is not null) Product.Gradient(dProduct, dHidden, accumulate: true);
            }

            if (others[1] is { } weight) Product.WeightGradient(_hiddenBefore.Storage, dProducts, weight);
            if (others[2] is { } bias) Reduce.Sum(dProducts, [Shape.Cells * Shape.Steps, GruCell.Gates * Shape.Hidden], [0], bias);
            if (others[3] is { } hidden) Move.Copy(dHidden, hidden);
        }
        finally
        {
            dHidden.Release();
            dProduct.Release();
            dProducts.Release();
        }
    }

    private protected override Tensor Composed(Tensor result, Tensor?[] arguments)
    {
        (Tensor input, Tensor weight) = (arguments[0]!, arguments[1]!);
        Shape state = [Shape.Batch, Shape.Positions, Shape.Hidden];
        Tensor h = arguments[3]?.Reshape(state) ?? Tensor.Zeros(state, input.DType);
        Tensor[] outputs = new Tensor[Shape.Steps];
        for (int step = 0; step < outputs.Length; step++)
        {
            Tensor x = input.Slice(1, step, 1), p = Product.Composed(h, weight, arguments[2]);
            Tensor r = (Gate(x, 0) + Gate(p, 0)).Sigmoid(), z = (Gate(x, 1) + Gate(p, 1)).Sigmoid();
            Tensor n = (Gate(x, 2) + (r * Gate(p, 2))).Tanh();
            h = n + (z * (h - n));
            outputs[step] = h;
        }

        return Tensor.Concat(1, outputs).Reshape(Output.Shape);

        Tensor Gate(Tensor all, int gate) => all.Slice(-1, gate * Shape.Hidden, Shape.Hidden);
    }
}
