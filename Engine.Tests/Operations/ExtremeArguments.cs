namespace Engine.Tests.Operations;

/// <summary>How the arguments of a registered case are made extreme: by a function of an element and its place.</summary>
internal sealed record ExtremeKind(string Name, Func<double, int, double> Of)
{
    private static readonly double[] s_steps = [0, 3, 1, 7, 2, 9, 5, 4, 8, 6];

    /// <summary>Next to both ends of float32's range, far from 0 beside what elements differ by, and with one infinite element.</summary>
    internal static ExtremeKind[] All { get; } =
    [
        new("times 1e-40", (x, _) => x * 1e-40),
        new("times 1e-30", (x, _) => x * 1e-30),
        new("times 1e20", (x, _) => x * 1e20),
        new("times 1e30", (x, _) => x * 1e30) { IsSample = true },
        new("around 10,000 in steps of 0.001", (_, i) => 10000 + (1e-3 * s_steps[i % s_steps.Length])),
        new("with infinity", (x, i) => i == 0 ? double.PositiveInfinity : x),
        new("with minus infinity", (x, i) => i == 0 ? double.NegativeInfinity : x),
    ];

    /// <summary>The one kind that a slow device checks in float64 as well.</summary>
    internal bool IsSample { get; init; }

    /// <summary>Whether an element is infinite.</summary>
    internal bool IsInfinite => Name.Contains("infinity", StringComparison.Ordinal);

    /// <summary>Whether elements are multiplied.</summary>
    internal bool IsScale => Name.StartsWith("times", StringComparison.Ordinal);

    /// <summary>Whether elements are so large that products of two of them may have no number of float32.</summary>
    internal bool IsLarge => Name is "times 1e20" or "times 1e30";
}

/// <summary>
/// A registered case with extreme arguments. What it should compute in float32 comes from float64, in which nothing overflows at these
/// magnitudes; float64 itself is held against the plain reference, and its gradients against the recorded rules.
/// </summary>
/// <param name="Case">The case.</param>
/// <param name="Kind">What its arguments are made.</param>
/// <param name="IsOfAll">Whether all differentiable arguments are made so, or the first one alone.</param>
internal sealed record ExtremeArguments(OperationCase Case, ExtremeKind Kind, bool IsOfAll)
{
    /// <summary>What rounding the arguments to float32 would change counts so many times.</summary>
    private const double Condition = 32;

    private const double DoubleRatio = 1.0 / (1 << 29);

    // Their recorded rules are made of the log-probability, or of scores whose rounding counts, and lose digits far from 0.
    private static readonly HashSet<string> s_recordedApart =
        ["LogLikelihood.DiscretizedGaussian", "LogLikelihood.DiscretizedLogistic", "Tensor.Attention", "Tensor.SelfAttention"];

    private Outcome? _expected;

    internal string Name => $"{Case.Name}, {(IsOfAll ? "all arguments" : "argument 0")} {Kind.Name}";

    /// <summary>Adds a line for each array that is wrong on a device in a type.</summary>
    internal void Check(Device device, DType type, List<string> failures)
    {
        Outcome expected = _expected ??= Outcome.Of(this);
        double[][] got;
        try
        {
            got = Run(device, type, expected.Values, createGraph: false);
        }
        catch (ArgumentException refusal) when (expected.Refusal is not null)
        {
            if (refusal.Message != expected.Refusal) failures.Add($"{Name}, {type} on {device.Name}: {refusal.Message}");
            return;
        }

        if (expected.Refusal is not null)
        {
            failures.Add($"{Name}, {type} on {device.Name}: not refused as in float64, where {expected.Refusal}");
            return;
        }

        for (int array = 0; array < got.Length; array++)
        {
            double largest = expected.Results[array].Where(IsNumber).Select(Math.Abs).DefaultIfEmpty(0).Max();
            for (int i = 0; i < got[array].Length; i++)
            {
                double allowed = expected.Allowed(Case, array, i, largest, type);
                if (IsRight(expected.Results[array][i], got[array][i], allowed, type)) continue;
                failures.Add($"{Name}, {type} on {device.Name}, {(array == 0 ? "value" : $"gradient {array - 1}")} {i}: expected "
                    + $"{expected.Results[array][i]:R}, got {got[array][i]:R}, allowed error {allowed:E2}");
                break;
            }
        }
    }

    /// <summary>Whether float64 agrees with what does not come from the same code.</summary>
    internal void CheckDouble(List<string> failures)
    {
        Outcome expected = _expected ??= Outcome.Of(this);
        if (expected.Refusal is not null) return;
        double[] plain = expected.Plain.Values;
        for (int i = 0; i < plain.Length; i++)
        {
            double allowed = expected.Allowed(Case, 0, i, 0, DType.Float64);
            if (!double.IsFinite(plain[i]) || IsRight(plain[i], expected.Results[0][i], allowed, DType.Float64)) continue;
            if (Case.Operation == "Tensor.Cast" && Math.Abs(plain[i]) > int.MaxValue) continue;
            failures.Add($"{Name}, Float64 beside the reference, value {i}: expected {plain[i]:R}, got {expected.Results[0][i]:R}");
            break;
        }

        if (!Case.HasGradient || Kind.IsInfinite || s_recordedApart.Contains(Case.Operation)) return;
        double[][] recorded = Run(OperationDevices.Cpu, DType.Float64, expected.Values, createGraph: true);
        double largest = recorded.Skip(1).SelectMany(array => array).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int array = 1; array < recorded.Length; array++)
        {
            for (int i = 0; i < recorded[array].Length; i++)
            {
                double allowed = expected.Allowed(Case, array, i, largest, DType.Float64);
                if (!double.IsFinite(recorded[array][i]) || IsRight(recorded[array][i], expected.Results[array][i], allowed, DType.Float64))
                    continue;
                failures.Add($"{Name}, Float64 beside the recorded rule, gradient {array - 1} {i}: expected {recorded[array][i]:R}, got "
                    + $"{expected.Results[array][i]:R}");
                break;
            }
        }
    }

    private static bool IsNumber(double x) => Math.Abs(x) <= float.MaxValue;

    // What float32 has no number for may come out as an infinity or as what is made of one.
    private static bool IsRight(double expected, double got, double allowed, DType type)
    {
        if (expected.Equals(got) || (double.IsNaN(expected) && !double.IsFinite(got))) return true;

        // A factor that is held at the largest number makes such numbers of what is infinite.
        if (double.IsInfinity(expected)) return expected > 0 ? got > 1e37 : got < -1e37;
        if (type == DType.Float32 && double.IsFinite(expected) && !IsNumber((float)expected)) return true;
        return Math.Abs(expected - got) <= allowed;
    }

    /// <summary>The values and then the gradients of a weighted sum of them.</summary>
    private double[][] Run(Device device, DType type, double[][] values, bool createGraph)
    {
        using Tape tape = new(device);
        Tensor[] inputs = Case.Tensors(tape, values, type);
        Tensor result = Case.Function(inputs);
        if (!Case.HasGradient) return [result.ToDoubles()];
        double[] weights = ExtremeCase.Weights(result.Count);
        Tensor seed = result.DType == DType.Float64 ? Tensor.From(weights, result.Shape)
            : Tensor.From(Array.ConvertAll(weights, x => (float)x), result.Shape);
        Tensor[] with = [.. inputs.Where((_, i) => Case.Inputs[i].IsDifferentiable)];
        return [result.ToDoubles(), .. tape.Gradients(result, seed, with, createGraph).Select(gradient => gradient.ToDoubles())];
    }

    // References of kinked functions refuse what is too near the kink.
    private Expected Plain(double[][] values)
    {
        try
        {
            return Case.Reference(values);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return new([]);
        }
    }

    private double[][] Arguments()
    {
        double[][] values = Case.Values();
        int first = Array.FindIndex(Case.Inputs, input => input.IsDifferentiable);
        if (first < 0) first = Array.FindIndex(Case.Inputs, input => !input.IsIndex);
        for (int k = 0; k < values.Length; k++)
        {
            if (k != first && (!IsOfAll || !Case.Inputs[k].IsDifferentiable)) continue;
            values[k] = [.. values[k].Select((x, i) => (double)(float)Kind.Of(x, i))];
        }

        return values;
    }

    /// <summary>What is expected, and how far results move where the arguments do.</summary>
    private sealed record Outcome(double[][] Values, double[][] Results, double[][] Moves, Expected Plain, string? Refusal)
    {
        internal static Outcome Of(ExtremeArguments of)
        {
            double[][] values = of.Arguments();
            try
            {
                double[][] results = of.Run(OperationDevices.Cpu, DType.Float64, values, createGraph: false);
                double[][] moves = Array.ConvertAll(results, result => new double[result.Length]);
                Random random = new(1);
                for (int repeat = 0; repeat < 2; repeat++)
                {
                    double[][] moved = [.. values.Select((array, k) => of.Case.Inputs[k].IsIndex ? array
                        : Array.ConvertAll(array, x => double.IsFinite(x) ? x + ((random.Next(2) - 0.5) * Unit(x)) : x))];
                    double[][] found = of.Run(OperationDevices.Cpu, DType.Float64, moved, createGraph: false);
                    for (int array = 0; array < results.Length; array++)
                    {
                        for (int i = 0; i < found[array].Length; i++)
                        {
                            double move = Math.Abs(found[array][i] - results[array][i]);
                            if (double.IsFinite(move)) moves[array][i] = Math.Max(moves[array][i], move);
                        }
                    }
                }

                return new(values, results, moves, of.Plain(values), null);
            }
            catch (ArgumentException refusal)
            {
                return new(values, [], [], new Expected([]), refusal.Message);
            }
        }

        private static double Unit(double x) => Math.Max(Math.Abs(x) / (1 << 23), float.Epsilon);

        internal double Allowed(OperationCase of, int array, int i, double largest, DType type)
        {
            bool isDouble = type == DType.Float64;
            double tiny = 8 * (isDouble ? double.Epsilon : float.Epsilon);
            if (array == 0 && of.Tolerance.IsExact) return 0;
            double move = Condition * Moves[array][i] * (isDouble ? DoubleRatio : 1);
            if (array > 0) return tiny + move + of.Tolerance.AllowedInGradient(largest, type);

            // Values far from 0 are given exactly.
            double terms = Plain.Terms.Length > 0 && double.IsFinite(Plain.Terms[i]) ? Plain.Terms[i] : Math.Abs(Results[0][i]);
            double allowed = of.Tolerance.Allowed(Results[0][i], terms, type);

            // A power is an exponential, off by what its exponent is rounded by.
            if (of.Operation == "Tensor.Pow" && Results[0][i] != 0) allowed *= 1 + Math.Abs(Math.Log(Math.Abs(Results[0][i])));
            return tiny + move + allowed;
        }
    }
}

/// <summary>Extreme arguments for every operation of the registry.</summary>
[Collection("simulator")]
public sealed class ExtremeArgumentTests
{
    /// <summary>Cases of an operation: the smallest one and larger ones.</summary>
    private const int CasesOfOperation = 4;

    private const int LargestCase = 250;

    // Sums of products of two arguments, which overflow in float32 although the sum may not, or vanish: an infinity or NaN shows it.
    private static readonly HashSet<string> s_products =
    [
        "Tensor.MatMul", "Tensor.Linear", "Tensor.Conv1d", "Tensor.Conv2d", "Tensor.ConvTranspose2d", "Tensor.MaskedConv2d", "Tensor.Gru",
        "Tensor.Lstm", "Tensor.RowLstm", "Tensor.Attention", "Tensor.WeightNorm",
    ];

    // Sines have a documented range; others multiply arguments with themselves, as a user's cube does.
    private static readonly HashSet<string> s_limited = ["Tensor.Sin", "Tensor.Cos", "Tensor.SelfAttention", "Tensor.Apply"];

    private static readonly Dictionary<string, ExtremeArguments[]> s_cases = OperationRegistry.Cases
        .Where(c => c.Inputs.Any(input => !input.IsIndex) && c.Inputs.All(input => input.Shape.Count > 0)
            && c.Inputs.Sum(input => input.Shape.Count) <= LargestCase)
        .GroupBy(c => c.Operation)
        .ToDictionary(of => of.Key,
            of => Spread([.. of.OrderBy(c => c.Inputs.Sum(input => input.Shape.Count))]).SelectMany(Made).ToArray());

    public static TheoryData<string> Operations => [.. s_cases.Keys];

    internal static int Count => s_cases.Values.Sum(cases => cases.Length);

    internal static IEnumerable<string> Covered => s_cases.Keys;

    [Theory, MemberData(nameof(Operations))]
    public void The_cpu_is_right_in_float32(string operation) => Check(
        s_cases[operation], (c, failures) => c.Check(OperationDevices.Cpu, DType.Float32, failures));

    [Theory, MemberData(nameof(Operations))]
    public void The_cpu_is_right_in_float64(string operation) => Check(s_cases[operation], (c, failures) => c.CheckDouble(failures));

    [Theory, MemberData(nameof(Operations))]
    public void The_simulator_is_right(string operation)
    {
        // Of what the simulator would take minutes for, a sample: the smallest case of each operation.
        ExtremeArguments[] cases = s_cases[operation];
        if (KernelDevice.IsSimulator) cases = [.. cases.Where(c => ReferenceEquals(c.Case, cases[0].Case) && !c.Kind.IsInfinite)];

        Device device = OperationDevices.Gpu;
        Check(cases, (c, failures) =>
        {
            c.Check(device, DType.Float32, failures);
            if (!KernelDevice.IsSimulator || c.Kind.IsSample) c.Check(device, DType.Float64, failures);
        });
    }

    private static void Check(IEnumerable<ExtremeArguments> cases, Action<ExtremeArguments, List<string>> check)
    {
        List<string> failures = [];
        foreach (ExtremeArguments c in cases) check(c, failures);
        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures.Take(12).Prepend($"{failures.Count} wrong:")));
    }

    private static IEnumerable<OperationCase> Spread(OperationCase[] cases)
    {
        int count = Math.Min(CasesOfOperation, cases.Length);
        for (int i = 0; i < count; i++) yield return cases[i * (cases.Length - 1) / Math.Max(1, count - 1)];
    }

    // The gradient of a fused activation is taken from its output, which rounds to 1; powers of reciprocals of small numbers overflow; the
    // gradient of attention is a sum of keys of 10^4 whose weights are differences of products of 10^4, and add up to 0.
    private static bool IsBeyond(OperationCase c, ExtremeKind kind) =>
        (kind.IsLarge && s_limited.Contains(c.Operation))
        || (kind.Name.StartsWith("around", StringComparison.Ordinal) && (c.Variant.Contains("Sigmoid", StringComparison.Ordinal)
            || c.Variant.Contains("Tanh", StringComparison.Ordinal)))
        || (kind.IsScale && !kind.IsLarge && c.Operation == "Tensor.TriangularSolve")

        // A weight with an infinite element has no direction: all of its outputs are NaN.
        || (kind.IsInfinite && c.Operation == "Tensor.WeightNorm")
        || (kind.Name.StartsWith("around", StringComparison.Ordinal) && c.Operation is "Tensor.Attention" or "Tensor.SelfAttention");

    private static IEnumerable<ExtremeArguments> Made(OperationCase c)
    {
        bool hasSeveral = c.Inputs.Count(input => input.IsDifferentiable) > 1;
        foreach (ExtremeKind kind in ExtremeKind.All)
        {
            if (IsBeyond(c, kind)) continue;
            yield return new(c, kind, false);
            if (hasSeveral && !kind.IsInfinite && !(kind.IsScale && s_products.Contains(c.Operation))) yield return new(c, kind, true);
        }
    }
}
