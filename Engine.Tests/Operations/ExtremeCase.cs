namespace Engine.Tests.Operations;

/// <summary>An argument of an extreme case: its shape and its elements.</summary>
internal sealed record ExtremeInput(Shape Shape, double[] Values, bool IsDifferentiable = true);

/// <summary>
/// An operation of arguments next to the ends of their type's range, or far from 0 beside what they differ by, with what it should compute
/// and the gradients of a weighted sum of that: by long formulas in float64, in which nothing of float32 overflows.
/// </summary>
/// <param name="Operation">The operation, as <see cref="OperationNames"/> names it.</param>
/// <param name="Variant">What is extreme, in words.</param>
/// <param name="Inputs">The arguments.</param>
/// <param name="Function">The operation on tensors of these arguments.</param>
/// <param name="Values">What it should compute.</param>
/// <param name="Gradient">From the weights of the result's elements the gradients of each differentiable argument.</param>
internal sealed record ExtremeCase(
    string Operation, string Variant, ExtremeInput[] Inputs, Func<Tensor[], Tensor> Function, double[] Values,
    Func<double[], double[][]> Gradient)
{
    /// <summary>The types that can hold the arguments.</summary>
    internal DType[] Types { get; init; } = [DType.Float32, DType.Float64];

    /// <summary>The relative error allowed in float32; in float64 2^29 times less.</summary>
    internal double Error { get; init; } = 4e-6;

    /// <summary>Whether an error counts beside the largest element of an array, as where elements are sums, or beside each.</summary>
    internal bool IsRelativeToLargest { get; init; }

    /// <summary>Whether the gradient that is recorded in its turn is exact as well.</summary>
    internal bool ChecksComposed { get; init; } = true;

    /// <summary>True for a case small enough for the simulator.</summary>
    internal bool IsTiny => Inputs[0].Shape.Count <= 60;

    internal string Name => $"{Operation} {Variant}";

    internal void Check(Device device, DType type)
    {
        using Tape tape = new(device);
        Tensor[] inputs = Array.ConvertAll(Inputs, input => Make(input.Values, input.Shape, type));
        Tensor[] watched = [.. inputs.Where((_, i) => Inputs[i].IsDifferentiable)];
        foreach (Tensor input in watched) tape.Watch(input);
        Tensor result = Function(inputs);
        string where = $"{Name}, {type} on {device.Name}";
        Near($"{where}, value", Values, result.ToDoubles(), type);
        double[] weights = Weights(result.Count);
        double[][] expected = Gradient(weights);
        foreach (bool createGraph in ChecksComposed ? (bool[])[false, true] : [false])
        {
            Tensor[] gradients = tape.Gradients(result, Make(weights, result.Shape, type), watched, createGraph);
            for (int i = 0; i < expected.Length; i++) Near(
                $"{where}, {(createGraph ? "recorded " : "")}gradient {i}", expected[i], gradients[i].ToDoubles(), type);
        }
    }

    /// <summary>Weights of both signs, of which no few cancel, and neighbours a few places apart are not the same.</summary>
    internal static double[] Weights(int count) => [.. Enumerable.Range(0, count).Select(i => (((i * 7) % 11) - 4.75) / 4)];

    private void Near(string what, double[] expected, double[] got, DType type)
    {
        Assert.True(expected.Length == got.Length, $"{what}: expected {expected.Length} elements, got {got.Length}");
        double[] rounded = type == DType.Float64 ? expected : Array.ConvertAll(expected, x => (double)(float)x);
        double largest = rounded.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int i = 0; i < got.Length; i++)
        {
            if (rounded[i].Equals(got[i])) continue;

            // Among the subnormal numbers some units are lost, of which the products of several numbers lose more.
            double size = IsRelativeToLargest ? largest : Math.Abs(rounded[i]);
            double allowed = type == DType.Float64 ? (Error / (1 << 29) * size) + (8 * double.Epsilon)
                : (Error * size) + (8 * float.Epsilon);
            Assert.True(Math.Abs(rounded[i] - got[i]) <= allowed,
                $"{what}: element {i}: expected {rounded[i]:R}, got {got[i]:R}, of inputs "
                + string.Join("; ", Inputs.Select(input => i < input.Values.Length ? $"{input.Values[i]:R}" : "...")));
        }
    }

    private static Tensor Make(double[] values, Shape shape, DType type) =>
        type == DType.Float64 ? Tensor.From(values, shape) : Tensor.From(Array.ConvertAll(values, x => (float)x), shape);
}

[Collection("simulator")]
public sealed class ExtremeCaseTests
{
    private static readonly Dictionary<string, ExtremeCase> s_cases = new[] { ExtremeLikelihoods.All, ExtremeStatistics.All }
        .SelectMany(cases => cases()).DistinctBy(c => c.Name).ToDictionary(c => c.Name);

    internal static int Count => s_cases.Count;

    public static TheoryData<string, DType, bool> All
    {
        get
        {
            // A sample of the small ones is what the simulator computes in some seconds.
            const int Sample = 10;
            TheoryData<string, DType, bool> data = [];
            int number = 0;
            foreach (ExtremeCase c in s_cases.Values)
            {
                foreach (DType type in c.Types)
                {
                    data.Add(c.Name, type, true);
                    if (!KernelDevice.IsSimulator || (c.IsTiny && number++ % Sample == 0)) data.Add(c.Name, type, false);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Values_and_gradients_agree_with_long_formulas(string name, DType type, bool isHost) =>
        s_cases[name].Check(isHost ? OperationDevices.Cpu : OperationDevices.Gpu, type);
}
