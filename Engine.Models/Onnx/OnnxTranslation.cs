using System.Globalization;
using System.Runtime.InteropServices;
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Tracing;
using Engine.Kernels;

namespace Engine.Models.Onnx;

/// <summary>
/// Writes a trace down in ONNX operators, operation by operation. Two traces of the same computation, of which the second has one sample
/// more, tell which extents follow the number of samples; without a dynamic batch they are one and the same.
/// </summary>
/// <remarks>
/// Images keep the engine's axes [batch, height, width, channels] in inputs and outputs. Operators that want channels first stand between
/// two transpositions; where one such operator follows another, the second reads what the first computed and the two transpositions
/// between them are left out.
/// </remarks>
internal sealed partial class OnnxTranslation(OnnxTrace first, OnnxTrace second)
{
    private readonly OnnxGraph _graph = new();

    // The name of each result of the first trace, of each constant, and of each value with its channels first.
    private readonly Dictionary<Tensor, string> _names = [], _constants = [];
    private readonly Dictionary<string, string> _channelsFirst = [];
    private readonly Dictionary<(double, DType), string> _scalars = [];
    private string _batchInput = "";
    private string? _batch;
    private (int First, int Second) _samples;

    /// <summary>The graph.</summary>
    /// <param name="inputs">The names of its inputs.</param>
    /// <exception cref="OnnxException">An operation has no ONNX form.</exception>
    internal OnnxGraph Translate(string[] inputs)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            (Tensor one, Tensor other) = (first.Inputs[i], second.Inputs[i]);
            if (one.Shape != other.Shape) (_batchInput, _samples) = (inputs[i], (one.Shape[0], other.Shape[0]));
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            _names[first.Inputs[i]] = inputs[i];
            _graph.AddInput(inputs[i], first.Inputs[i].DType, Extents(first.Inputs[i].Shape, second.Inputs[i].Shape));
        }

        foreach (OnnxStep step in Needed()) Translate(step);
        for (int i = 0; i < first.Outputs.Length; i++)
        {
            (string name, Tensor value) = first.Outputs[i];
            Tensor other = second.Outputs[i].Value;
            _graph.AddOutput(name, Name(value, other), value.DType, Extents(value.Shape, other.Shape));
        }

        return _graph;
    }

    /// <summary>The operations that the outputs depend on, each with its counterpart of the second trace.</summary>
    private IEnumerable<OnnxStep> Needed()
    {
        IReadOnlyList<TracedOperation> own = first.Trace.Operations, others = second.Trace.Operations;
        HashSet<Tensor> needed = [.. first.Outputs.Select(output => output.Value)];
        List<int> steps = [];
        for (int i = own.Count - 1; i >= 0; i--)
        {
            if (!own[i].Outputs.Any(needed.Contains)) continue;
            steps.Add(i);
            needed.UnionWith(own[i].Inputs.OfType<Tensor>());
        }

        steps.Reverse();
        foreach (int i in steps)
        {
            if (i >= others.Count || !own[i].IsLike(others[i]))
                throw OnnxStep.Varies(own[i].Name, "how often or with which constants it runs");
            yield return new OnnxStep(own[i], others[i]);
        }
    }

    private void Translate(OnnxStep step)
    {
        Func<OnnxStep, string[]> translation = Translation(step.First)
            ?? throw new OnnxException($"{step.First.Name} has no ONNX form{Shapes(step.First)}.");
        string[] names = translation(step);
        for (int i = 0; i < names.Length; i++) _names[step.First.Outputs[i]] = names[i];
    }

    private Func<OnnxStep, string[]>? Translation(TracedOperation operation)
    {
        Func<OnnxStep, string>? one = Elementwise(operation) ?? Move(operation) ?? Reduction(operation) ?? Product(operation)
            ?? OfImages(operation) ?? Normalization(operation);
        return one is not null ? step => [one(step)] : Sequence(operation);
    }

    private static string Shapes(TracedOperation operation) =>
        $", found it from {string.Join(", ", operation.Inputs.OfType<Tensor>().Select(input => input.Shape))} to "
        + $"{operation.Outputs[0].Shape}";

    /// <summary>The name of an argument.</summary>
    private string In(OnnxStep step, int place = 0) => Name(step.First.Inputs[place]!, step.Second.Inputs[place]!);

    private string Name(Tensor one, Tensor other)
    {
        if (_names.TryGetValue(one, out string? name)) return name;
        if (first.Trace.Undescribed(one) is { } operation) throw new OnnxException(
            $"{operation} has no ONNX form, found it computing {one.DType} {one.Shape}.");
        return _constants.TryGetValue(one, out name) ? name : _constants[one] = Constant(one, other);
    }

    /// <summary>A tensor that does not depend on the inputs, but perhaps on the number of samples.</summary>
    private string Constant(Tensor one, Tensor other)
    {
        if (ReferenceEquals(one, other)) return Constant((one as Parameter)?.FullName ?? "constant", one);
        double[] values = one.ToDoubles(), others = other.ToDoubles();
        if (one.Shape == other.Shape)
        {
            return values.AsSpan().SequenceEqual(others) ? Constant("constant", one)
                : throw OnnxStep.Varies($"A constant {one.Shape}", "what its elements are");
        }

        // The same for every sample: a constant of one sample, repeated.
        int axis = Enumerable.Range(0, one.Shape.Rank).First(i => one.Shape[i] != other.Shape[i]);
        using Tape tape = new(one.Device, record: false);
        Tensor sample = one.Slice(axis, 0, 1);
        if (!IsRepeated(sample, one) || !IsRepeated(sample, other))
            throw OnnxStep.Varies($"A constant {one.Shape}", "what its elements are");
        return _graph.Node("Expand", [Constant("constant", sample), ShapeOf(one.Shape, other.Shape)]);

        static bool IsRepeated(Tensor sample, Tensor all) =>
            Shape.TryBroadcast(sample.Shape, all.Shape, out Shape both) && both == all.Shape
            && sample.BroadcastTo(all.Shape).ToDoubles().AsSpan().SequenceEqual(all.ToDoubles());
    }

    private string Constant(string name, Tensor tensor) =>
        tensor.DType == DType.Int32
            ? _graph.Constant(name, OnnxType.Int32, [.. Longs(tensor.Shape)], MemoryMarshal.AsBytes<int>(tensor.ToInts()))
            : Constant(name, tensor.DType, [.. Longs(tensor.Shape)], tensor.ToDoubles());

    /// <summary>A constant of floating-point numbers.</summary>
    private string Constant(string name, DType type, long[] extents, double[] values) => type == DType.Float64
        ? _graph.Constant(name, OnnxType.Double, extents, MemoryMarshal.AsBytes<double>(values))
        : _graph.Constant(name, OnnxType.Float, extents, MemoryMarshal.AsBytes<float>(Array.ConvertAll(values, value => (float)value)));

    /// <summary>A number, without axes.</summary>
    private string Scalar(double value, DType type) =>
        _scalars.TryGetValue((value, type), out string? name) ? name : _scalars[(value, type)] = Constant("scalar", type, [], [value]);

    /// <summary>A constant or a result in a shape of as many elements, which does not depend on the number of samples.</summary>
    private string Shaped(OnnxStep step, int place, params long[] extents)
    {
        Tensor tensor = step.First.Inputs[place]!;
        return first.Trace.Depends(tensor) ? Reshaped(In(step, place), extents)
            : Constant((tensor as Parameter)?.FullName ?? "constant", tensor.DType, extents, tensor.ToDoubles());
    }

    /// <summary>In another shape, where 0 keeps the extent at its place and -1 takes what is left.</summary>
    private string Reshaped(string name, params long[] extents) => _graph.Node("Reshape", [name, _graph.Longs(extents)]);

    /// <summary>Extents as the graph's inputs and outputs state them: a number, or a name that says how often the batch it is.</summary>
    private object[] Extents(Shape one, Shape other) => [.. Enumerable.Range(0, one.Rank).Select<int, object>(axis =>
        one[axis] == other[axis] ? one[axis]
        : Multiple(one[axis], other[axis]) is 1 ? "batch"
        : string.Create(CultureInfo.InvariantCulture, $"{Multiple(one[axis], other[axis])} batch"))];

    /// <summary>A shape as whole numbers: a constant, or computed from the number of samples.</summary>
    private string ShapeOf(Shape one, Shape other)
    {
        if (one == other) return _graph.Longs([.. Longs(one)]);
        string[] parts = [.. Enumerable.Range(0, one.Rank)
            .Select(axis => one[axis] == other[axis] ? _graph.Longs(one[axis]) : Batch(Multiple(one[axis], other[axis])))];
        return parts.Length == 1 ? parts[0] : _graph.Node("Concat", parts, ("axis", 0));
    }

    /// <summary>The number of samples, times a factor: [1].</summary>
    private string Batch(int times)
    {
        _batch ??= _graph.Node("Shape", [_batchInput], ("start", 0), ("end", 1));
        return times == 1 ? _batch : _graph.Node("Mul", [_batch, _graph.Longs(times)]);
    }

    /// <summary>How often the number of samples an extent is that varies with it.</summary>
    private int Multiple(int one, int other)
    {
        int times = one / _samples.First;
        return times * _samples.First == one && times * _samples.Second == other ? times
            : throw new OnnxException(
                $"ExportOnnx: expected extents that are multiples of the number of samples, found {one} for {_samples.First} and {other} "
                + $"for {_samples.Second}. With dynamicBatch: false the file takes {_samples.First} alone.");
    }

    private static IEnumerable<long> Longs(Shape shape) => shape.ToArray().Select(extent => (long)extent);
}

/// <summary>An operation, as it was traced with two numbers of samples.</summary>
internal sealed record OnnxStep(TracedOperation First, TracedOperation Second)
{
    internal Tensor X => First.Inputs[0]!;

    internal Tensor Y => First.Outputs[0];

    internal DType Type => X.DType;

    internal bool Has(int place) => First.Inputs[place] is not null;

    /// <summary>The constants of the operation.</summary>
    internal T Details<T>() => (T)First.Details!;

    internal static OnnxException Varies(string operation, string what) => new(
        $"{operation} has no ONNX form for any number of samples: {what} depends on it. With dynamicBatch: false the file takes as many as "
        + "the example has.");
}
