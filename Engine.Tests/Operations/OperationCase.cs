using System.Text;

namespace Engine.Tests.Operations;

/// <summary>An operation with arguments, what it should compute, and how exactly: what every check of the operations is fed with.</summary>
/// <param name="Operation">The operation, as <see cref="OperationNames"/> names it: <c>Tensor.Exp</c>.</param>
/// <param name="Variant">Shapes and options, in words.</param>
/// <param name="Inputs">The arguments.</param>
/// <param name="Function">The operation, with its options, on tensors of these arguments.</param>
/// <param name="Reference">The same in plain float64 loops, which never call the engine.</param>
/// <param name="Tolerance">How far the two may be apart in float32; float64 follows.</param>
internal sealed record OperationCase(
    string Operation, string Variant, Input[] Inputs, Func<Tensor[], Tensor> Function, Func<double[][], Expected> Reference,
    Tolerance Tolerance)
{
    /// <summary>Up to which order derivatives are checked against differences; 0 where there is none to check.</summary>
    internal int Orders { get; init; } = 2;

    /// <summary>Whether it has a gradient in float32 and float64; as a rule where <see cref="Orders"/> are checked.</summary>
    internal bool HasGradient { get => field || Orders > 0; init; }

    /// <summary>Where the operation is not smooth, in words: the arguments are drawn away from there.</summary>
    internal string Kinks { get; init; } = "";

    /// <summary>True for a case with so many elements that several threads share them: for the values, not for differences.</summary>
    internal bool IsLarge => Inputs.Sum(input => input.Shape.Count) > 4000;

    /// <summary>True for a case small enough for the simulator.</summary>
    internal bool IsTiny => Inputs.Sum(input => input.Shape.Count) <= 600;

    internal string Name => $"{Operation} {Variant}";

    /// <summary>The elements of the arguments, the same ones each time.</summary>
    internal double[][] Values()
    {
        Random random = new(Seed());
        return Array.ConvertAll(Inputs, input => input.Values(random));
    }

    /// <summary>The arguments as watched tensors on the open tape, floating ones of a type.</summary>
    internal Tensor[] Tensors(Tape tape, double[][] values, DType type)
    {
        Tensor[] tensors = new Tensor[Inputs.Length];
        for (int i = 0; i < tensors.Length; i++)
        {
            Shape shape = Inputs[i].Shape;
            tensors[i] = Inputs[i].IsIndex ? Tensor.From(Array.ConvertAll(values[i], x => (int)x), shape) : Make(values[i], shape, type);
            if (Inputs[i].IsDifferentiable) tape.Watch(tensors[i]);
        }

        return tensors;
    }

    /// <summary>The operation's result on a device.</summary>
    internal (double[] Values, DType Type, Shape Shape) Forward(Device device, DType type)
    {
        using Tape tape = new(device);
        Tensor result = Function(Tensors(tape, Values(), type));
        return (result.ToDoubles(), result.DType, result.Shape);
    }

    /// <summary>The gradients of a weighted sum of the result, with respect to every differentiable argument.</summary>
    internal double[][] Gradients(Device device, DType type, bool createGraph)
    {
        using Tape tape = new(device);
        Tensor[] inputs = Tensors(tape, Values(), type);
        Tensor result = Function(inputs);
        Tensor seed = Make(Draws.AwayFrom(0)(new Random(Seed() + 1), result.Count), result.Shape, result.DType);
        Tensor[] with = [.. inputs.Where((_, i) => Inputs[i].IsDifferentiable)];
        return Array.ConvertAll(tape.Gradients(result, seed, with, createGraph), gradient => gradient.ToDoubles());
    }

    /// <summary>What a failure prints of one element: where it is, what went in, what was expected and what came.</summary>
    internal string Describe(string what, int element, double expected, double got, double allowed)
    {
        StringBuilder text = new(
            $"{Name}, {what}: element {element}: expected {expected:R}, got {got:R}, error {Math.Abs(got - expected):E2}, allowed "
            + $"{allowed:E2} ({Tolerance});");
        double[][] values = Values();
        for (int i = 0; i < values.Length; i++)
        {
            text.Append($" input {i} {Inputs[i].Shape} ");
            text.Append(element < values[i].Length ? $"[{element}] = {values[i][element]:R}"
                : $"= {string.Join(", ", values[i].Take(6))}...");
        }

        return text.ToString();
    }

    public override string ToString() => Name;

    private static Tensor Make(double[] values, Shape shape, DType type) =>
        type == DType.Float64 ? Tensor.From(values, shape) : Tensor.From(Array.ConvertAll(values, x => (float)x), shape);

    /// <summary>A hash of the name that is the same in every run.</summary>
    private int Seed()
    {
        uint hash = 2166136261;
        foreach (char c in Name) hash = (hash ^ c) * 16777619;
        return (int)(hash & 0x3FFFFFFF);
    }
}

/// <summary>Draws the elements of an argument.</summary>
internal delegate double[] Draw(Random random, int count);

/// <summary>An argument of an operation: its shape and how its elements are drawn.</summary>
/// <param name="Shape">The shape.</param>
/// <param name="Draw">How the elements are drawn.</param>
/// <param name="IsDifferentiable">False for what the operation takes as constant.</param>
/// <param name="IsIndex">True for int32 indices.</param>
internal sealed record Input(Shape Shape, Draw Draw, bool IsDifferentiable = true, bool IsIndex = false)
{
    /// <summary>The elements, each a float32 number, so that every type computes with the very same ones.</summary>
    internal double[] Values(Random random) => Array.ConvertAll(Draw(random, Shape.Count), x => (double)(float)x);
}

/// <summary>What a reference computed: the values and, for sums, the sum of the absolute terms of each.</summary>
internal sealed record Expected(double[] Values, double[] Terms)
{
    internal Expected(double[] values) : this(values, [])
    {
    }

    internal Expected(int count) : this(new double[count], new double[count])
    {
    }

    /// <summary>Adds a term to an element.</summary>
    internal void Add(int place, double term)
    {
        Values[place] += term;
        Terms[place] += Math.Abs(term);
    }
}
