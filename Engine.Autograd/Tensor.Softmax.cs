using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Rows;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>e^x / sum(e^x) along the innermost axis, without overflow.</summary>
    /// <exception cref="ArgumentException">There is no axis.</exception>
    public Tensor Softmax()
    {
        (int rows, int columns) = Rows(nameof(Softmax));
        Tape tape = Autograd.Tape.OpenFloating(nameof(Softmax), this);
        Tensor y = tape.NewTensor(Shape, DType);
        Kernels.Rows.Softmax.Run(Storage, rows, columns, y.Storage);
        tape.Trace?.Add(nameof(Softmax), y, [this]);

        // dx = y (g - sum(g y))
        return tape.Record(nameof(Softmax), y, new Rule(this, g => Autograd.Tape.IsRecordingNow
            ? y * (g - (g * y).Sum(-1).Reshape(y.Shape.With(-1, 1)))
            : Fused(g, y, Kernels.Rows.Softmax.Backward)));
    }

    /// <summary>x - log(sum(e^x)) along the innermost axis: the logarithm of <see cref="Softmax"/>, accurate where that is tiny.</summary>
    /// <exception cref="ArgumentException">There is no axis.</exception>
    public Tensor LogSoftmax()
    {
        (int rows, int columns) = Rows(nameof(LogSoftmax));
        Tape tape = Autograd.Tape.OpenFloating(nameof(LogSoftmax), this);
        Tensor y = tape.NewTensor(Shape, DType);
        Kernels.Rows.Softmax.Log(Storage, rows, columns, y.Storage);
        tape.Trace?.Add(nameof(LogSoftmax), y, [this]);

        // dx = g - e^y sum(g)
        return tape.Record(nameof(LogSoftmax), y, new Rule(this, g => Autograd.Tape.IsRecordingNow
            ? g - (y.Exp() * g.Sum(-1).Reshape(y.Shape.With(-1, 1)))
            : Fused(g, y, Kernels.Rows.Softmax.LogBackward)));
    }

    private static Tensor Fused(Tensor g, Tensor y, Action<Storage, Storage, int, int, Storage> backward)
    {
        (int rows, int columns) = y.Rows(nameof(Softmax));
        Tensor result = Autograd.Tape.Open("Gradients").NewTensor(y.Shape, y.DType);
        backward(g.Storage, y.Storage, rows, columns, result.Storage);
        return result;
    }

    private (int Rows, int Columns) Rows(string operation)
    {
        if (Shape.Rank == 0) throw new ArgumentException($"{operation}: needs at least one axis, found a scalar.");
        return (Shape[-1] == 0 ? 0 : Count / Shape[-1], Shape[-1]);
    }
}
