using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Flows;
using Engine.Kernels.Gemm;
using Engine.Kernels.Mapping;
using Engine.Kernels.Rows;

namespace Engine.Autograd.Bijections;

/// <summary>
/// Splines as one operation of the tape, with values and log-derivatives in one result, and as a composition of others that can be
/// differentiated twice.
/// </summary>
internal sealed class SplineStep(Tensor x, Tensor parameters, SplineShape shape)
{
    internal Transformed Run(string operation, bool inverse)
    {
        Tape tape = Tape.OpenFloating(operation, x, parameters);
        int count = x.Count, rows = x.Shape[0];
        Tensor both = tape.NewTensor([2, count], x.DType);
        RationalQuadraticSpline.Forward(x.Storage, parameters.Storage, shape, inverse, both.Storage);
        if (inverse)
        {
            both.HasLostGraph |= x.Node >= 0 || x.IsLeaf || parameters.Node >= 0 || parameters.IsLeaf;
        }
        else
        {
            WaitingGradient? ofX = tape.IsRecording ? new(tape.NewTensor(x.Shape, x.DType)) : null;
            tape.Record(operation, both, new Rule(parameters, g => OfParameters(g, ofX)), new Rule(x, g => OfX(g, ofX)));
        }

        Tensor value = both.Slice(0, 0, 1).Reshape(x.Shape), log = both.Slice(0, 1, 1);
        return new(value, rows == count ? log.Reshape(rows) : log.Reshape(rows, rows == 0 ? 0 : count / rows).Sum(1));
    }

    private Tensor OfParameters(Tensor g, WaitingGradient? ofX)
    {
        if (Tape.IsRecordingNow) return ByComposition(g, 1);
        Tensor result = Tape.Open("Gradients").NewTensor(parameters.Shape, parameters.DType);
        RationalQuadraticSpline.Backward(g.Storage, x.Storage, parameters.Storage, shape, ofX!.Storage, result.Storage);
        ofX.Set(g);
        return result;
    }

    private Tensor OfX(Tensor g, WaitingGradient? ofX)
    {
        if (Tape.IsRecordingNow) return ByComposition(g, 0);
        if (ofX!.BelongsTo(g)) return ofX.Copy();
        Tape tape = Tape.Open("Gradients");
        Tensor result = tape.NewTensor(x.Shape, x.DType), others = tape.NewTensor(parameters.Shape, parameters.DType);
        RationalQuadraticSpline.Backward(g.Storage, x.Storage, parameters.Storage, shape, result.Storage, others.Storage);
        return result;
    }

    // Names of their own for x and the parameters keep apart what depends on the one through the other.
    private Tensor ByComposition(Tensor g, int of)
    {
        Tensor[] inputs = [x.Reshape(x.Shape), parameters.Reshape(parameters.Shape)];
        if (inputs[of].Node < 0) throw new InvalidOperationException(
            "Bijection.RationalQuadratic: the input carries no graph on the open tape.");
        return Tape.Open("Gradients").Gradients(Composed(inputs[0], inputs[1]), g, [inputs[of]], createGraph: true)[0];
    }

    /// <summary>The same [2, n] in differentiable operations.</summary>
    private Tensor Composed(Tensor at, Tensor raw)
    {
        int bins = shape.Bins, count = at.Count;
        Tensor from = at.Reshape(count, 1), p = raw.Reshape(count, shape.Parameters), inside = from.Clamp(-shape.Bound, shape.Bound);
        Tensor widths = Extents(p.Slice(1, 0, bins), shape.MinimumWidth), heights = Extents(p.Slice(1, bins, bins), shape.MinimumHeight);
        Tensor before = Before(bins, at.DType), lefts = widths.MatMul(before) - shape.Bound, bottoms = heights.MatMul(before) - shape.Bound;
        Tensor one = Tensor.Ones([count, 1], at.DType);
        Tensor knots = bins == 1 ? Tensor.Concat(1, one, one)
            : Tensor.Concat(1, one, p.Slice(1, 2 * bins, bins - 1).Softplus() + shape.MinimumDerivative, one);

        // 1 for the bin of x, 0 for the others: the last one that does not begin beyond x.
        Tensor begun = 1 - inside.Detach().Map(lefts.Detach(), default(Less)), here = begun;
        if (bins > 1) here = Tensor.Concat(1, Tensor.Ones([count, 1], at.DType), begun.Slice(1, 1, bins - 1)) - begun.Slice(1, 1, bins - 1)
            .Pad(1, 0, 1);
        else here = Tensor.Ones([count, 1], at.DType);

        Tensor left = Pick(lefts), width = Pick(widths), bottom = Pick(bottoms), height = Pick(heights),
            first = Pick(knots.Slice(1, 0, bins)), last = Pick(knots.Slice(1, 1, bins));
        Tensor a = (inside - left) / width, r = 1 - a, s = height / width, q = a * r;
        Tensor d = s + ((first + last - (2 * s)) * q);
        Tensor y = bottom + (height * ((s * a.Square()) + (first * q)) / d);
        Tensor log = (2 * s.Log()) + ((last * a.Square()) + (2 * s * q) + (first * r.Square())).Log() - (2 * d.Log());

        Tensor isInside = from.Detach().Map(default(Abs)).Map(Tensor.Full([], shape.Bound, at.DType), default(Less));
        return Tensor.Concat(0, ((isInside * y) + ((1 - isInside) * from)).Reshape(1, count), (isInside * log).Reshape(1, count));

        Tensor Pick(Tensor values) => (here * values).Sum(1).Reshape(count, 1);
    }

    private Tensor Extents(Tensor raw, double minimum) => 2 * shape.Bound * (minimum + ((1 - (shape.Bins * minimum)) * raw.Softmax()));

    // Sums of all that come before: a matrix with ones above its diagonal.
    private static Tensor Before(int bins, DType dtype)
    {
        double[] ones = new double[bins * bins];
        for (int i = 0; i < bins; i++)
            for (int j = i + 1; j < bins; j++) ones[(i * bins) + j] = 1;
        return dtype == DType.Float64 ? Tensor.From(ones, [bins, bins]) : Tensor.From(Array.ConvertAll(ones, v => (float)v), [bins, bins]);
    }
}
