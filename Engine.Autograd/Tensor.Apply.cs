using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Mapping;

namespace Engine.Autograd;

// How elementwise operations are run and recorded. Each is one struct of Engine.Kernels.Elementwise and one rule.
public partial class Tensor
{
    /// <summary>
    /// Applies an elementwise operation, records nothing: for fused gradient kernels, where no graph of the gradient is wanted.
    /// </summary>
    internal Tensor Map<TOp>(TOp op) where TOp : unmanaged, IUnaryOp
    {
        Tensor result = Autograd.Tape.OpenFloating(typeof(TOp).Name, this).NewTensor(Shape, DType);
        Kernels.Mapping.Map.Unary(Storage, result.Storage, op);
        result.Tape!.Trace?.Add(typeof(TOp).Name, result, [this], op);
        return result;
    }

    /// <summary>Applies an elementwise operation of two arguments, broadcasting; records nothing.</summary>
    internal Tensor Map<TOp>(Tensor other, TOp op) where TOp : unmanaged, IBinaryOp
    {
        if (!Shape.TryBroadcast(Shape, other.Shape, out Shape shape))
            throw Unbroadcast(typeof(TOp).Name, other);
        CheckType(typeof(TOp).Name, other);
        Tensor result = Autograd.Tape.OpenFloating(typeof(TOp).Name, this, other).NewTensor(shape, DType);
        Kernels.Mapping.Map.Binary(Storage, Shape, other.Storage, other.Shape, result.Storage, shape, op);
        result.Tape!.Trace?.Add(typeof(TOp).Name, result, [this, other], op);
        return result;
    }

    /// <summary>Adds another tensor of this shape into this one, in place; records nothing.</summary>
    internal Tensor AddInPlace(Tensor other)
    {
        Kernels.Mapping.Map.Binary(Storage, Shape, other.Storage, other.Shape, Storage, Shape, default(Add));
        return this;
    }

    /// <summary>
    /// An operation of a user's own: applies it and records its rule, from gradient, input and output to the gradient of the input.
    /// </summary>
    /// <param name="op">The operation, written in lanes.</param>
    /// <param name="rule">The gradient of the input from (g, x, y): the output's gradient, the input and the output, in tensor
    /// operations.</param>
    public Tensor Apply<TOp>(TOp op, Func<Tensor, Tensor, Tensor, Tensor> rule) where TOp : unmanaged, IUnaryOp
    {
        Tensor x = this;
        Tensor y = Map(op);
        return y.Tape!.Record(typeof(TOp).Name, y, new Rule(x, g => rule(g, x, y)));
    }

    /// <summary>As the public form, with a kernel that computes the gradient in one pass where no graph of it is wanted.</summary>
    private Tensor Apply<TOp, TGradient>(TOp op, TGradient fused, bool fromOutput, Func<Tensor, Tensor, Tensor, Tensor> rule)
        where TOp : unmanaged, IUnaryOp
        where TGradient : unmanaged, IBinaryOp
        => Apply(op, (g, x, y) => Autograd.Tape.IsRecordingNow ? rule(g, x, y) : g.Map(fromOutput ? y : x, fused));

    /// <summary>Applies an operation of two arguments and records its rules, each from (g, x, y, z) with z the output.</summary>
    private Tensor Apply<TOp>(
        Tensor other, TOp op, Func<Tensor, Tensor, Tensor, Tensor, Tensor> first, Func<Tensor, Tensor, Tensor, Tensor, Tensor> second)
        where TOp : unmanaged, IBinaryOp
    {
        (Tensor x, Tensor y) = (this, other);
        Tensor z = Map(other, op);
        return z.Tape!.Record(
            typeof(TOp).Name,
            z,
            new Rule(x, g => first(g, x, y, z).SumTo(x.Shape)),
            new Rule(y, g => second(g, x, y, z).SumTo(y.Shape)));
    }

    private void CheckType(string operation, Tensor other)
    {
        if (DType != other.DType) throw new ArgumentException(
            $"{operation}: expected arguments of one type, found {DType} {Shape} and {other.DType} {other.Shape}; convert one with Cast.");
    }

    private ArgumentException Unbroadcast(string operation, Tensor other)
    {
        string limit = Shape.AreAligned(Shape, other.Shape) ? $" to at most {int.MaxValue} elements" : "";
        return new ArgumentException($"{operation}: expected shapes that broadcast{limit}, found {Shape} and {other.Shape}.");
    }
}
