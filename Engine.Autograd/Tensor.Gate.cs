using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Gates;

namespace Engine.Autograd;

public partial class Tensor
{
    /// <summary>
    /// The gated activation unit tanh(a) sigmoid(b) of the two halves a and b of the innermost axis, in one kernel: [..., 2 n] to [..., n]
    /// (van den Oord et al. 2016, arXiv:1606.05328, equation 2).
    /// </summary>
    /// <exception cref="ArgumentException">The innermost axis does not have two halves.</exception>
    public Tensor TanhSigmoidGate()
    {
        Tensor x = this;
        (int rows, int width) = Halves(nameof(TanhSigmoidGate));
        Tape tape = Autograd.Tape.OpenFloating(nameof(TanhSigmoidGate), this);
        Tensor y = tape.NewTensor(Shape.With(-1, width), DType);
        Kernels.Gates.TanhSigmoidGate.Run(Storage, rows, width, y.Storage);
        tape.Trace?.Add(nameof(TanhSigmoidGate), y, [this]);
        return tape.Record(nameof(TanhSigmoidGate), y, new Rule(x, g =>
        {
            if (Autograd.Tape.IsRecordingNow) return Composed(g);
            Tensor dx = Autograd.Tape.Open("Gradients").NewTensor(x.Shape, x.DType);
            Kernels.Gates.TanhSigmoidGate.Gradient(g.Storage, x.Storage, rows, width, dx.Storage);
            return dx;
        }));

        // da = g s (1 - t²); db = g t s (1 - s)
        Tensor Composed(Tensor g)
        {
            Tensor t = x.Slice(-1, 0, width).Tanh(), s = x.Slice(-1, width, width).Sigmoid();
            return Concat(-1, g * s * (1 - t.Square()), g * t * s * (1 - s));
        }
    }

    /// <summary>
    /// The gated linear unit a sigmoid(b) of the two halves a and b of the innermost axis, in one kernel: [..., 2 n] to [..., n] (Dauphin
    /// et al. 2016, arXiv:1612.08083, equation 1).
    /// </summary>
    /// <param name="residual">What is added to it, of the result's shape; null for nothing.</param>
    /// <exception cref="ArgumentException">The innermost axis does not have two halves, or the residual has another shape, type or
    /// device.</exception>
    public Tensor GatedLinearUnit(Tensor? residual = null)
    {
        Tensor x = this;
        (int rows, int width) = Halves(nameof(GatedLinearUnit));
        Shape shape = Shape.With(-1, width);
        if (residual is not null && residual.Shape != shape) throw new ArgumentException(
            $"GatedLinearUnit: the residual must have the result's shape {shape}, found {residual.Shape}.");
        Tape tape = Autograd.Tape.OpenFloating(nameof(GatedLinearUnit), this, residual);
        Tensor y = tape.NewTensor(shape, DType);
        Kernels.Gates.GatedLinearUnit.Run(Storage, residual?.Storage, rows, width, y.Storage);
        tape.Trace?.Add(nameof(GatedLinearUnit), y, [this, residual]);
        Rule gate = new(x, g =>
        {
            if (Autograd.Tape.IsRecordingNow) return Composed(g);
            Tensor dx = Autograd.Tape.Open("Gradients").NewTensor(x.Shape, x.DType);
            Kernels.Gates.GatedLinearUnit.Gradient(g.Storage, x.Storage, rows, width, dx.Storage);
            return dx;
        });
        return residual is null ? tape.Record(nameof(GatedLinearUnit), y, gate)
            : tape.Record(nameof(GatedLinearUnit), y, gate, new Rule(residual, g => g));

        // da = g s; db = g a s (1 - s)
        Tensor Composed(Tensor g)
        {
            Tensor a = x.Slice(-1, 0, width), s = x.Slice(-1, width, width).Sigmoid();
            return Concat(-1, g * s, g * a * s * (1 - s));
        }
    }

    /// <summary>
    /// elu(x) and elu(-x) side by side along the innermost axis, in one kernel: [..., n] to [..., 2 n] (concat_elu of Salimans et al. 2017,
    /// arXiv:1701.05517), with elu(x) = x where x > 0, e^x - 1 elsewhere.
    /// </summary>
    /// <exception cref="ArgumentException">There is no axis.</exception>
    public Tensor ConcatElu()
    {
        if (Shape.Rank == 0) throw new ArgumentException("ConcatElu: needs an axis, found a scalar.");
        Tensor x = this;
        int width = Shape[-1], rows = width == 0 ? 0 : Count / width;
        Tape tape = Autograd.Tape.OpenFloating(nameof(ConcatElu), this);
        Tensor y = tape.NewTensor(Shape.With(-1, 2 * width), DType);
        Kernels.Gates.ConcatElu.Run(Storage, rows, width, y.Storage);
        tape.Trace?.Add(nameof(ConcatElu), y, [this]);
        return tape.Record(nameof(ConcatElu), y, new Rule(x, g =>
        {
            if (Autograd.Tape.IsRecordingNow) return Composed(g);
            Tensor dx = Autograd.Tape.Open("Gradients").NewTensor(x.Shape, x.DType);
            Kernels.Gates.ConcatElu.Gradient(g.Storage, x.Storage, rows, width, dx.Storage);
            return dx;
        }));

        // dx = g elu'(x) - h elu'(-x), elu'(x) = e^min(x, 0)
        Tensor Composed(Tensor g) =>
            (g.Slice(-1, 0, width) * x.Clamp(double.NegativeInfinity, 0).Exp())
                - (g.Slice(-1, width, width) * (-x).Clamp(double.NegativeInfinity, 0).Exp());
    }

    private (int Rows, int Width) Halves(string operation)
    {
        if (Shape.Rank == 0 || Shape[-1] % 2 != 0) throw new ArgumentException(
            $"{operation}: needs an even number of elements along the innermost axis, found {Shape}.");
        int width = Shape[-1] / 2;
        return (width == 0 ? 0 : Count / (2 * width), width);
    }
}
