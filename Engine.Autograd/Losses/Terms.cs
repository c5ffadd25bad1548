using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Mapping;
using Engine.Kernels.Reductions;
using Engine.Kernels.Rows;

namespace Engine.Autograd.Losses;

/// <summary>What becomes of a loss or a log-density that is computed for each element.</summary>
public enum Reduction
{
    /// <summary>None: one value for each element.</summary>
    None,

    /// <summary>
    /// The sums over the innermost axis, in the pass that computes the elements: one value for each sample of [samples, n].
    /// </summary>
    Rows,

    /// <summary>The sum of all.</summary>
    Sum,

    /// <summary>The mean of all.</summary>
    Mean,
}

/// <summary>
/// How a loss or a log-density is computed and recorded: an elementwise operation of inputs that broadcast, reduced as asked for in the
/// pass that computes it, and differentiated in one pass, in which the gradient is broadcast back.
/// </summary>
internal sealed class Terms
{
    private readonly string _operation;
    private readonly Reduction _reduction;
    private readonly Tape _tape;
    private readonly Shape _shape;
    private readonly DType _dtype;

    /// <summary>The terms of an operation of these inputs.</summary>
    /// <exception cref="ArgumentException">The inputs do not broadcast or differ in type, or there are none of the axes or elements that
    /// the reduction needs.</exception>
    internal Terms(string operation, Reduction reduction, params ReadOnlySpan<(string Name, Tensor Tensor)> inputs)
    {
        (_operation, _reduction) = (operation, reduction);
        CheckReduction(operation, reduction);
        _tape = Tape.Open(operation);
        (string firstName, Tensor first) = inputs[0];
        (_shape, _dtype) = (first.Shape, first.DType);
        foreach ((string name, Tensor tensor) in inputs)
        {
            _tape.Check(operation, tensor);
            if (tensor.DType != _dtype) throw new ArgumentException(
                $"{operation}: expected arguments of one type, found {firstName} {_dtype} {first.Shape} and {name} {tensor.DType} "
                + $"{tensor.Shape}; convert one with Cast.");
        }

        if (_dtype == DType.Int32) throw new ArgumentException(
            $"{operation}: expected {firstName} of {DType.Float32} or {DType.Float64}, found {_dtype} {first.Shape}.");
        foreach ((_, Tensor tensor) in inputs[1..])
        {
            if (!Shape.TryBroadcast(_shape, tensor.Shape, out _shape)) throw new ArgumentException(
                $"{operation}: expected arguments that broadcast, found {Describe(inputs)}.");
        }

        CheckReduced(operation, reduction, _shape);
    }

    /// <summary>There is such a reduction.</summary>
    internal static void CheckReduction(string operation, Reduction reduction)
    {
        if (!Enum.IsDefined(reduction)) throw new ArgumentOutOfRangeException(
            nameof(reduction), reduction, $"{operation}: expected a reduction, found {reduction}.");
    }

    /// <summary>There is an axis whose rows are summed, or an element to average.</summary>
    internal static void CheckReduced(string operation, Reduction reduction, Shape terms)
    {
        if (reduction == Reduction.Rows && terms.Rank == 0) throw new ArgumentException(
            $"{operation}: expected at least one axis for {nameof(Reduction)}.{nameof(Reduction.Rows)}, found a scalar.");
        if (reduction == Reduction.Mean && terms.Count == 0) throw new ArgumentException(
            $"{operation}: expected at least one element to average, found shape {terms}.");
    }

    /// <summary>The result, from an operation of two inputs.</summary>
    internal Tensor Run<TOp>(TOp op, Tensor x, Tensor y)
        where TOp : unmanaged, IBinaryOp => Run(new MapTerm<BinaryMap<TOp>>(new(op)), [x, y]);

    /// <summary>The result, from an operation of three inputs.</summary>
    internal Tensor Run<TOp>(TOp op, Tensor x, Tensor y, Tensor z)
        where TOp : unmanaged, ITernaryOp => Run(new MapTerm<TernaryMap<TOp>>(new(op)), [x, y, z]);

    /// <summary>The result, from an operation of four inputs.</summary>
    internal Tensor Run<TOp>(TOp op, Tensor x, Tensor y, Tensor z, Tensor w) where TOp : unmanaged, IQuaternaryOp =>
        Run(new MapTerm<QuaternaryMap<TOp>>(new(op)), [x, y, z, w]);

    /// <summary>The result, from any term of these inputs.</summary>
    internal Tensor Run<TTerm>(TTerm op, ReadOnlySpan<Tensor> inputs) where TTerm : unmanaged, IRowTerm
    {
        Storage[] storages = new Storage[inputs.Length];
        Shape[] shapes = new Shape[inputs.Length];
        for (int i = 0; i < inputs.Length; i++) (storages[i], shapes[i]) = (inputs[i].Storage, inputs[i].Shape);
        switch (_reduction)
        {
            case Reduction.None:
                Tensor elements = _tape.NewTensor(_shape, _dtype);
                Map.Run(_operation, new ElementMap<TTerm>(op), elements.Storage, _shape, storages, shapes);
                return elements;
            case Reduction.Rows:
                Tensor rows = _tape.NewTensor(WithoutInnermost(_shape), _dtype);
                RowSum.Run(_operation, op, _shape, rows.Storage, storages, shapes);
                return rows;
        }

        // Rows that are short, or a row alone, are one long row where nothing is broadcast: it is cut as suits the kernel.
        Shape terms = _shape;
        if ((terms.Rank < 2 || terms[-1] < 64) && Array.TrueForAll(shapes, shape => shape == _shape))
        {
            terms = [_shape.Count];
            Array.Fill(shapes, terms);
        }

        Tensor result = _tape.NewTensor(Shape.Scalar, _dtype);
        Shape outer = WithoutInnermost(terms);
        Storage sums = outer.Rank == 0 ? result.Storage : _tape.Device.Allocate(_dtype, outer.Count);
        RowSum.Run(_operation, op, terms, sums, storages, shapes);
        if (outer.Rank > 0)
        {
            Reduce.Sum(sums, outer, [], result.Storage);
            sums.Release();
        }

        if (_reduction == Reduction.Mean) Map.Unary(result.Storage, result.Storage, new DivideBy(_shape.Count));
        return result;
    }

    /// <summary>Records the result with its rules.</summary>
    internal Tensor Record(Tensor result, params ReadOnlySpan<Rule> rules) => _tape.Record(_operation, result, rules);

    /// <summary>A rule for one of the inputs.</summary>
    /// <param name="input">The input.</param>
    /// <param name="composed">From the gradients of the elements, or what broadcasts to them, to those of the input before they are summed
    /// to its shape.</param>
    /// <param name="fused">Likewise, in one pass that records nothing; null where there is none.</param>
    internal Rule Rule(Tensor input, Func<Tensor, Tensor> composed, Func<Tensor, Tensor>? fused = null) => new(input, g =>
    {
        g = OfElements(g);
        Tensor gradient = Tape.IsRecordingNow || fused is null ? composed(g) : fused(g);
        return gradient.BroadcastTo(_shape).SumTo(input.Shape);
    });

    /// <summary>An elementwise operation with a result for each element; records nothing.</summary>
    internal Tensor Fused<TOp>(TOp op, Tensor g, Tensor x) where TOp : unmanaged, IBinaryOp
    {
        Tensor result = Tape.Open("Gradients").NewTensor(_shape, _dtype);
        Map.Binary(g.Storage, g.Shape, x.Storage, x.Shape, result.Storage, _shape, op);
        return result;
    }

    /// <inheritdoc cref="Fused{TOp}(TOp, Tensor, Tensor)"/>
    internal Tensor Fused<TOp>(TOp op, Tensor g, Tensor x, Tensor y) where TOp : unmanaged, ITernaryOp
    {
        Tensor result = Tape.Open("Gradients").NewTensor(_shape, _dtype);
        Map.Ternary(g.Storage, g.Shape, x.Storage, x.Shape, y.Storage, y.Shape, result.Storage, _shape, op);
        return result;
    }

    /// <inheritdoc cref="Fused{TOp}(TOp, Tensor, Tensor)"/>
    internal Tensor Fused<TOp>(TOp op, Tensor g, Tensor x, Tensor y, Tensor z) where TOp : unmanaged, IQuaternaryOp
    {
        Tensor result = Tape.Open("Gradients").NewTensor(_shape, _dtype);
        Map.Quaternary(g.Storage, g.Shape, x.Storage, x.Shape, y.Storage, y.Shape, z.Storage, z.Shape, result.Storage, _shape, op);
        return result;
    }

    /// <summary>The gradients of the elements from those of the result: as many axes, of which some are broadcast.</summary>
    private Tensor OfElements(Tensor g) => _reduction switch
    {
        Reduction.Rows => g.Reshape(_shape.With(-1, 1)),
        Reduction.Mean => g / _shape.Count,
        _ => g,
    };

    private static Shape WithoutInnermost(Shape shape) => new(shape.ToArray().AsSpan(0, shape.Rank - 1));

    private static string Describe(ReadOnlySpan<(string Name, Tensor Tensor)> inputs)
    {
        string[] parts = new string[inputs.Length];
        for (int i = 0; i < parts.Length; i++) parts[i] = $"{inputs[i].Name} {inputs[i].Tensor.Shape}";
        return $"{string.Join(", ", parts[..^1])} and {parts[^1]}";
    }
}
