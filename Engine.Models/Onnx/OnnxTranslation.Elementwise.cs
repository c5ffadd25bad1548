using Engine.Autograd.Tracing;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm;

namespace Engine.Models.Onnx;

// Operations element by element. Where the argument is there with its channels first, so is the result.
internal sealed partial class OnnxTranslation
{
    private Func<OnnxStep, string>? Elementwise(TracedOperation operation) => operation.Details switch
    {
        Exp => Plain("Exp"),
        Log => Plain("Log"),
        Sqrt or HalfPower => Plain("Sqrt"),
        Sin => Plain("Sin"),
        Cos => Plain("Cos"),
        Erf => Plain("Erf"),
        Abs => Plain("Abs"),
        Sign => Plain("Sign"),
        Tanh => Plain("Tanh"),
        Sigmoid => Plain("Sigmoid"),
        Softplus => Plain("Softplus"),
        Relu => Plain("Relu"),
        Identity => Plain("Identity"),
        LeakyRelu leaky => Plain("LeakyRelu", ("alpha", leaky.Slope)),
        Elu elu => Plain("Elu", ("alpha", elu.Alpha)),
        Square => step => Unary(step, x => _graph.Node("Mul", [x, x])),
        Silu => step => Unary(step, TimesSigmoid),
        Gelu => step => Unary(step, x => ExactGelu(x, step.Type)),
        GeluTanh => step => Unary(step, x => ApproximateGelu(x, step.Type)),
        Affine affine => step => Unary(step, x => Scaled(x, affine, step.Type)),
        DivideBy by => step => Unary(step, x => _graph.Node("Div", [x, Scalar(by.Divisor, step.Type)])),
        Reciprocal of => step => Unary(step, x => _graph.Node("Div", [Scalar(of.Numerator, step.Type), x])),
        WholePower power => step => Unary(step, x => _graph.Node("Pow", [x, Scalar(power.Exponent, step.Type)])),
        Power power => step => Unary(step, x => _graph.Node("Pow", [x, Scalar(power.Exponent, step.Type)])),
        Clamp clamp => step => Unary(step, x => _graph.Node("Clip", [x, Bound(clamp.Low, step.Type), Bound(clamp.High, step.Type)])),
        Add => Binary("Add"),
        Subtract => Binary("Sub"),
        Multiply => Binary("Mul"),
        Divide => Binary("Div"),
        Maximum => Binary("Max"),
        Minimum => Binary("Min"),
        IsLess => Comparison("Less"),
        IsLessOrEqual => Comparison("LessOrEqual"),
        IsEqual => Comparison("Equal"),
        IsDifferent => step => Numbers(step, _graph.Node("Not", [_graph.Node("Equal", [In(step), In(step, 1)])])),
        Weighted => step => _graph.Node(
            "Where", [IsZero(In(step, 1), step.Type), Scalar(0, step.Type), _graph.Node("Mul", [In(step), In(step, 1)])]),
        _ when operation.Name == nameof(Autograd.Tensor.Where) =>
            step => _graph.Node("Where", [IsZero(In(step), step.Type), In(step, 2), In(step, 1)]),
        _ when operation.Name == nameof(Autograd.Rules.Sampling.Reparameterize) => Reparameterize,
        _ => null,
    };

    private Func<OnnxStep, string> Plain(string type, params (string Name, object Value)[] attributes) =>
        step => Unary(step, x => _graph.Node(type, [x], attributes));

    private string Unary(OnnxStep step, Func<string, string> node)
    {
        string x = In(step);
        return _channelsFirst.TryGetValue(x, out string? channelsFirst) ? ChannelsLast(node(channelsFirst)) : node(x);
    }

    private Func<OnnxStep, string> Binary(string type) => step =>
    {
        (string x, string y) = (In(step), In(step, 1));
        return step.X.Shape == step.First.Inputs[1]!.Shape && _channelsFirst.TryGetValue(x, out string? a)
            && _channelsFirst.TryGetValue(y, out string? b) ? ChannelsLast(_graph.Node(type, [a, b])) : _graph.Node(type, [x, y]);
    };

    private Func<OnnxStep, string> Comparison(string type) => step => Numbers(step, _graph.Node(type, [In(step), In(step, 1)]));

    /// <summary>A condition as 1 and 0.</summary>
    private string Numbers(OnnxStep step, string condition) => _graph.Node("Cast", [condition], ("to", (int)OnnxTypes.Of(step.Y.DType)));

    private string IsZero(string x, DType type) => _graph.Node("Equal", [x, Scalar(0, type)]);

    private string TimesSigmoid(string x) => _graph.Node("Mul", [x, _graph.Node("Sigmoid", [x])]);

    // x (1 + erf(x / sqrt 2)) / 2
    private string ExactGelu(string x, DType type)
    {
        string erf = _graph.Node("Erf", [_graph.Node("Mul", [x, Scalar(Math.Sqrt(0.5), type)])]);
        return _graph.Node("Mul", [_graph.Node("Mul", [x, Scalar(0.5, type)]), _graph.Node("Add", [erf, Scalar(1, type)])]);
    }

    // x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x³))
    private string ApproximateGelu(string x, DType type)
    {
        string square = _graph.Node("Mul", [x, x]);
        string factor = _graph.Node("Add", [_graph.Node("Mul", [square, Scalar(0.044715, type)]), Scalar(1, type)]);
        string inner = _graph.Node("Mul", [_graph.Node("Mul", [x, factor]), Scalar(2 * Math.Sqrt(2 / Math.PI), type)]);
        return _graph.Node("Mul", [x, _graph.Node("Sigmoid", [inner])]);
    }

    private string Scaled(string x, Affine affine, DType type)
    {
        if (affine.Scale == -1 && affine.Offset == 0) return _graph.Node("Neg", [x]);
        string scaled = affine.Scale == 1 ? x : _graph.Node("Mul", [x, Scalar(affine.Scale, type)]);
        return affine.Offset == 0 && affine.Scale != 1 ? scaled : _graph.Node("Add", [scaled, Scalar(affine.Offset, type)]);
    }

    private string Bound(double value, DType type) => double.IsInfinity(value) ? "" : Scalar(value, type);

    // mean + e^(logVariance / 2) noise
    private string Reparameterize(OnnxStep step)
    {
        string deviation = _graph.Node("Exp", [_graph.Node("Mul", [In(step, 1), Scalar(0.5, step.Type)])]);
        return _graph.Node("Add", [In(step), _graph.Node("Mul", [deviation, In(step, 2)])]);
    }

    private string Activated(string x, Activation activation) => activation.Kind switch
    {
        ActivationKind.None => x,
        ActivationKind.Relu => _graph.Node("Relu", [x]),
        ActivationKind.LeakyRelu => _graph.Node("LeakyRelu", [x], ("alpha", activation.Slope)),
        ActivationKind.Tanh => _graph.Node("Tanh", [x]),
        ActivationKind.Sigmoid => _graph.Node("Sigmoid", [x]),
        _ => throw new OnnxException($"{activation.Kind} has no ONNX form."),
    };
}
