using Engine.Kernels;
using Engine.Kernels.Movement;
using Engine.Kernels.Recurrent;

namespace Engine.Autograd.Rules;

/// <summary>A long short-term memory over whole sequences: see <see cref="Tensor.Lstm"/> and <see cref="Tensor.RowLstm"/>.</summary>
internal sealed class LstmSequence : RecurrentSequence
{
    private readonly Tensor _gates, _hiddenBefore, _cellBefore;

    internal LstmSequence(string operation, RecurrentShape shape, Shape state, Tensor input, Tensor weight, Tensor? hidden, Tensor? cell)
        : base(operation, shape, LstmCell.Gates, input, weight, hidden, cell)
    {
        _gates = Tape.NewTensor(input.Shape, input.DType);
        _hiddenBefore = Tape.NewTensor(Output.Shape, input.DType);
        _cellBefore = Tape.NewTensor(Output.Shape, input.DType);
        LastCell = Tape.NewTensor(state, input.DType);
        Storage hiddenNow = Scratch(shape.StepLength), product = Scratch(LstmCell.Gates * shape.StepLength);
        try
        {
            FillFrom(hiddenNow, hidden);
            FillFrom(LastCell.Storage, cell);
            for (int step = 0; step < shape.Steps; step++)
            {
                if (step == 0 && hidden is null) Move.Fill(product, 0);
                else Product.Run(hiddenNow, product, null);
                LstmCell.Forward(
                    shape, step, input.Storage, product, hiddenNow, LastCell.Storage, Output.Storage, _gates.Storage, _hiddenBefore.Storage,
                    _cellBefore.Storage);
            }
        }
        finally
        {
            hiddenNow.Release();
            product.Release();
        }

        Record(operation, Output);
        Record(operation, LastCell);
    }

    /// <summary>c after the last step.</summary>
    internal Tensor LastCell { get; }

    private protected override void Backward(Tensor result, Tensor g, Storage inputGradient, Storage?[] others)
    {
        bool ofCell = ReferenceEquals(result, LastCell);
        Storage dHidden = Scratch(Shape.StepLength), dCell = Scratch(Shape.StepLength),
            dProduct = Scratch(LstmCell.Gates * Shape.StepLength);
        Storage gradient = ofCell ? Scratch(Shape.Length) : g.Storage;
        try
        {
            Move.Fill(dHidden, 0);
            FillFrom(dCell, ofCell ? g : null);
            if (ofCell) Move.Fill(gradient, 0);
            for (int step = Shape.Steps - 1; step >= 0; step--)
            {
                LstmCell.Backward(Shape, step, gradient, dHidden, dCell, _gates.Storage, _cellBefore.Storage, inputGradient, dProduct);
                if (step > 0 || others[2] is not null) Product.Gradient(dProduct, dHidden, accumulate: false);
            }

            if (others[1] is { } weight) Product.WeightGradient(_hiddenBefore.Storage, inputGradient, weight);
            if (others[2] is { } hidden) Move.Copy(dHidden, hidden);
            if (others[3] is { } cell) Move.Copy(dCell, cell);
        }
        finally
        {
            dHidden.Release();
            dCell.Release();
            dProduct.Release();
            if (ofCell) gradient.Release();
        }
    }

    private protected override Tensor Composed(Tensor result, Tensor?[] arguments)
    {
        (Tensor input, Tensor weight) =
            (arguments[0]!.Reshape(Shape.Batch, Shape.Steps, Shape.Positions, LstmCell.Gates * Shape.Hidden), arguments[1]!);
        Shape state = [Shape.Batch, Shape.Positions, Shape.Hidden];
        Tensor? h = arguments[2]?.Reshape(state);
        Tensor c = arguments[3]?.Reshape(state) ?? Tensor.Zeros(state, input.DType);
        Tensor[] outputs = new Tensor[Shape.Steps];
        for (int step = 0; step < outputs.Length; step++)
        {
            Tensor a = input.Slice(1, step, 1).Reshape(Shape.Batch, Shape.Positions, LstmCell.Gates * Shape.Hidden);
            if (h is not null) a += Product.Composed(h, weight, null);
            c = (Gate(1).Sigmoid() * c) + (Gate(0).Sigmoid() * Gate(2).Tanh());
            h = Gate(3).Sigmoid() * c.Tanh();
            outputs[step] = h.Reshape(Shape.Batch, 1, Shape.Positions, Shape.Hidden);

            Tensor Gate(int gate) => a.Slice(-1, gate * Shape.Hidden, Shape.Hidden);
        }

        return ReferenceEquals(result, LastCell) ? c.Reshape(LastCell.Shape) : Tensor.Concat(1, outputs).Reshape(Output.Shape);
    }
}
