using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Recurrent;

namespace Engine.Autograd;

// Recurrent layers over whole sequences. What the inputs add to the gates comes in for all steps together, from one product.
public partial class Tensor
{
    /// <summary>
    /// A long short-term memory (Hochreiter and Schmidhuber 1997): with a = this + h W, i = sigmoid(a_i), f = sigmoid(a_f), g = tanh(a_g),
    /// o = sigmoid(a_o), c' = f c + i g and h' = o tanh(c'). This is what inputs and biases add to the gates, in the order i, f, g, o:
    /// [batch, steps, 4 hidden].
    /// </summary>
    /// <param name="weight">W: [hidden, 4 hidden].</param>
    /// <param name="hidden">h before the first step, [batch, hidden]; null for 0.</param>
    /// <param name="cell">c before the first step, [batch, hidden]; null for 0.</param>
    /// <param name="lastCell">c after the last step, [batch, hidden]; gradients flow back through it, too.</param>
    /// <returns>h after every step, [batch, steps, hidden].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, there is no step, or the types differ.</exception>
    public Tensor Lstm(Tensor weight, Tensor? hidden, Tensor? cell, out Tensor lastCell)
    {
        RecurrentShape shape = SequenceShape(nameof(Lstm), LstmCell.Gates, weight);
        Shape state = [shape.Batch, shape.Hidden];
        CheckRecurrent(nameof(Lstm), nameof(hidden), hidden, state);
        CheckRecurrent(nameof(Lstm), nameof(cell), cell, state);
        LstmSequence sequence = new(nameof(Lstm), shape, state, this, weight, hidden, cell);
        lastCell = sequence.LastCell;
        lastCell.Tape!.Trace?.Add(nameof(Lstm), [sequence.Output, lastCell], [this, weight, hidden, cell]);
        return sequence.Output;
    }

    /// <summary>
    /// The Row LSTM of PixelRNN (van den Oord et al. 2016, arXiv:1601.06759, section 3.1) over the rows of images, from the first to the
    /// last: as <see cref="Lstm"/>, but what the states of a row add to the gates of the next one is a convolution along the row. This is
    /// what the input adds: [batch, rows, columns, 4 hidden].
    /// </summary>
    /// <param name="weight">The weight of the convolution, [1, taps, hidden, 4 hidden], with an odd number of taps.</param>
    /// <param name="hidden">h above the first row, [batch, columns, hidden]; null for 0. Beside a row it is 0.</param>
    /// <param name="cell">c above the first row, likewise.</param>
    /// <param name="lastCell">c of the last row, [batch, columns, hidden]; gradients flow back through it, too.</param>
    /// <returns>h of every pixel, [batch, rows, columns, hidden].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, there is no row, or the types differ.</exception>
    public Tensor RowLstm(Tensor weight, Tensor? hidden, Tensor? cell, out Tensor lastCell)
    {
        Shape w = weight.Shape;
        if (Shape.Rank != 4 || Shape.Count == 0 || w.Rank != 4 || w[0] != 1 || w[1] % 2 != 1 || w[3] != LstmCell.Gates * w[2]
            || Shape[3] != w[3])
            throw new ArgumentException(
                "RowLstm: expected [batch, rows, columns, 4 hidden] with at least one image, row and column and a weight [1, taps, hidden, "
                + "4 hidden] with odd taps, found "
                + $"{Shape} and {w}.");
        CheckType(nameof(RowLstm), weight);
        Shape state = [Shape[0], Shape[2], w[2]];
        CheckRecurrent(nameof(RowLstm), nameof(hidden), hidden, state);
        CheckRecurrent(nameof(RowLstm), nameof(cell), cell, state);
        LstmSequence sequence = new(
            nameof(RowLstm), new RecurrentShape(Shape[0], Shape[1], Shape[2], w[2]), state, this, weight, hidden, cell);
        lastCell = sequence.LastCell;
        return sequence.Output;
    }

    /// <summary>
    /// A gated recurrent unit (Cho et al. 2014, arXiv:1406.1078): with x = this and p = h W + b, r = sigmoid(x_r + p_r), z = sigmoid(x_z +
    /// p_z), n = tanh(x_n + r p_n) and h' = (1 - z) n + z h. This is what inputs and their biases add to the gates, in the order r, z, n:
    /// [batch, steps, 3 hidden].
    /// </summary>
    /// <param name="weight">W: [hidden, 3 hidden].</param>
    /// <param name="bias">b: [3 hidden]; null for 0.</param>
    /// <param name="hidden">h before the first step, [batch, hidden]; null for 0.</param>
    /// <returns>h after every step, [batch, steps, hidden].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, there is no step, or the types differ.</exception>
    public Tensor Gru(Tensor weight, Tensor? bias = null, Tensor? hidden = null)
    {
        RecurrentShape shape = SequenceShape(nameof(Gru), GruCell.Gates, weight);
        CheckRecurrent(nameof(Gru), nameof(bias), bias, [GruCell.Gates * shape.Hidden]);
        CheckRecurrent(nameof(Gru), nameof(hidden), hidden, [shape.Batch, shape.Hidden]);
        Tensor output = new GruSequence(shape, this, weight, bias, hidden).Output;
        output.Tape!.Trace?.Add(nameof(Gru), output, [this, weight, bias, hidden]);
        return output;
    }

    private RecurrentShape SequenceShape(string operation, int gates, Tensor weight)
    {
        Shape w = weight.Shape;
        if (Shape.Rank != 3 || Shape.Count == 0 || w.Rank != 2 || w[1] != gates * w[0] || Shape[2] != w[1])
            throw new ArgumentException(
                $"{operation}: expected [batch, steps, {gates} hidden] with at least one sequence and one step and a weight [hidden, "
                + $"{gates} hidden], found {Shape} and {w}.");
        CheckType(operation, weight);
        return new RecurrentShape(Shape[0], Shape[1], 1, w[0]);
    }

    private void CheckRecurrent(string operation, string name, Tensor? tensor, Shape expected)
    {
        if (tensor is null) return;
        if (tensor.Shape != expected) throw new ArgumentException(
            $"{operation}: {name} must have shape {expected} for gates {Shape}, found {tensor.Shape}.");
        CheckType(operation, tensor);
    }
}
