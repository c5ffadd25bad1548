using Engine.Kernels;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>
    /// The gated activation unit tanh(a) sigmoid(b) of the two halves a and b of the innermost axis, in one kernel: [..., 2 n] to [..., n] (van den Oord et al. 2016, arXiv:1606.05328, equation 2).
    /// </summary>
    /// <exception cref="ArgumentException">The innermost axis does not have two halves.</exception>
    public Tensor TanhSigmoidGate()
    {
        if (Shape.Rank == 0 || Shape[-1] % 2 != 0) throw new ArgumentException($"TanhSigmoidGate: needs an even number of elements along the innermost axis, found {Shape}.");
        Tensor x = this;
        int width = Shape[-1] / 2, rows = width == 0 ? 0 : Count / (2 * width);
        Tape tape = Autograd.Tape.Open(nameof(TanhSigmoidGate));
        Tensor y = tape.NewTensor(Shape.With(-1, width), DType);
        Kernels.TanhSigmoidGate.Run(Storage, rows, width, y.Storage);
        return tape.Record(nameof(TanhSigmoidGate), y, new Rule(x, g =>
        {
            if (Autograd.Tape.IsRecordingNow) return Composed(g);
            Tensor dx = Autograd.Tape.Open("Gradients").NewTensor(x.Shape, x.DType);
            Kernels.TanhSigmoidGate.Gradient(g.Storage, x.Storage, rows, width, dx.Storage);
            return dx;
        }));

        // da = g s (1 - t²); db = g t s (1 - s)
        Tensor Composed(Tensor g)
        {
            Tensor t = x.Slice(-1, 0, width).Tanh(), s = x.Slice(-1, width, width).Sigmoid();
            return Concat(-1, g * s * (1 - t.Square()), g * t * s * (1 - s));
        }
    }
}
