using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Flows;

namespace Engine.Autograd.Bijections;

/// <summary>
/// An affine bijection as two operations of the tape, the value and the log-determinant, computed by one kernel. The rules of both write to
/// the gradient of the parameters, the second one into the first one's sum.
/// </summary>
internal sealed class AffineStep(Tensor x, Tensor parameters, Tensor? bound, Tensor? active, bool inverse, AffineCouplingShape shape)
{
    private readonly double _sign = inverse ? -1 : 1;

    internal Transformed Run(string operation)
    {
        Tape tape = Tape.OpenFloating(operation, x, parameters, bound, active);
        Tensor y = tape.NewTensor(x.Shape, x.DType), log = tape.NewTensor([shape.Rows], x.DType);
        AffineCoupling.Forward(x.Storage, parameters.Storage, shape, bound?.Storage, active?.Storage, inverse, y.Storage, log.Storage);
        Rule ofX = new(x, OfX), ofParameters = new(parameters, OfParameters, AddOfParameters);
        Rule byLog = new(parameters, OfParametersByLog, AddOfParametersByLog);
        if (bound is null) return new(
            tape.Record(operation, y, ofX, ofParameters), tape.Record($"{operation} log-determinant", log, byLog));
        return new(
            tape.Record(operation, y, ofX, ofParameters, new Rule(bound, OfBound)),
            tape.Record($"{operation} log-determinant", log, byLog, new Rule(bound, OfBoundByLog)));
    }

    // dx = g e^s, or g e^-s
    private Tensor OfX(Tensor g)
    {
        if (Tape.IsRecordingNow) return Scaled(g);
        Tensor dx = Tape.Open("Gradients").NewTensor(x.Shape, x.DType);
        AffineCoupling.InputGradient(g.Storage, parameters.Storage, shape, bound?.Storage, active?.Storage, inverse, dx.Storage);
        return dx;
    }

    // ds = g x e^s and dt = g; or ds = -g (x - t) e^-s and dt = -g e^-s
    private Tensor OfParameters(Tensor g)
    {
        if (!Tape.IsRecordingNow) return Fused(g, null);
        Tensor shift = inverse ? -Scaled(g) : g;
        return Tensor.Concat(-1, OfLogScale(g) * Slope(), Masked(shift));
    }

    private Tensor OfParametersByLog(Tensor h)
    {
        if (!Tape.IsRecordingNow) return Fused(null, h);
        Tensor raw = _sign * Spread(h) * Slope();
        return raw.Pad(-1, 0, shape.Channels);
    }

    private void AddOfParameters(Tensor g, Tensor sum) => Add(g, null, sum);

    private void AddOfParametersByLog(Tensor h, Tensor sum) => Add(null, h, sum);

    // s = b tanh(raw / b): ds/db = tanh(u) - u (1 - tanh(u)²), u = raw / b
    private Tensor OfBound(Tensor g) => (OfLogScale(g) * BoundSlope()).SumTo(bound!.Shape);

    private Tensor OfBoundByLog(Tensor h) => (_sign * Spread(h) * BoundSlope()).SumTo(bound!.Shape);

    private Tensor Fused(Tensor? g, Tensor? h)
    {
        Tensor result = Tape.Open("Gradients").NewTensor(parameters.Shape, parameters.DType);
        Gradient(g, h, result, accumulate: false);
        return result;
    }

    private void Add(Tensor? g, Tensor? h, Tensor sum) => Gradient(g, h, sum, accumulate: true);

    private void Gradient(Tensor? g, Tensor? h, Tensor result, bool accumulate) => AffineCoupling.ParameterGradient(
        g?.Storage, g is null ? null : x.Storage, h?.Storage, parameters.Storage, shape, bound?.Storage, active?.Storage, inverse,
        result.Storage, accumulate);

    private Tensor Raw() => parameters.Slice(-1, 0, shape.Channels);

    private Tensor Masked(Tensor value) => active is null ? value : value * active;

    private Tensor LogScale() => Masked(bound is null ? Raw() : bound * (Raw() / bound).Tanh());

    // ds/draw
    private Tensor Slope() => Masked(bound is null ? Tensor.Ones(x.Shape, x.DType) : 1 - (Raw() / bound).Tanh().Square());

    private Tensor BoundSlope()
    {
        Tensor u = Raw() / bound!, t = u.Tanh();
        return Masked(t - (u * (1 - t.Square())));
    }

    // The gradient of the value with respect to s, times g
    private Tensor OfLogScale(Tensor g)
    {
        Tensor moved = inverse ? x - Masked(parameters.Slice(-1, shape.Channels, shape.Channels)) : x;
        Tensor root = Root();
        return _sign * (moved * root * g * root);
    }

    // e^(s / 2), or e^(-s / 2): e^s overflows where its product with a small value does not.
    private Tensor Root() => (0.5 * _sign * LogScale()).Exp();

    private Tensor Scaled(Tensor g)
    {
        Tensor root = Root();
        return g * root * root;
    }

    // The gradient of a row's log-determinant, for each element of the row
    private Tensor Spread(Tensor h)
    {
        int[] extents = new int[x.Shape.Rank];
        Array.Fill(extents, 1);
        extents[0] = shape.Rows;
        return h.Reshape(extents).BroadcastTo(x.Shape);
    }
}
