using System.Runtime.InteropServices;

namespace Engine.Tests.Operations;

public sealed class OperationCoverageTests
{
    [Fact]
    public void Every_public_operation_has_a_case()
    {
        HashSet<string> covered = [.. OperationRegistry.Cases.Select(c => c.Operation)];
        string[] missing = [.. OperationNames.All.Where(operation => !covered.Contains(operation))];
        Assert.True(missing.Length == 0, $"operations without a case in OperationRegistry: {string.Join("; ", missing)}");
    }

    [Fact]
    public void Every_case_is_of_a_public_operation()
    {
        HashSet<string> known = [.. OperationNames.All];
        string[] unknown = [.. OperationRegistry.Cases.Select(c => c.Operation).Distinct().Where(operation => !known.Contains(operation))];
        Assert.True(unknown.Length == 0, $"cases of what is no operation: {string.Join("; ", unknown)}");
    }
}

public sealed class OperationForwardTests
{
    public static TheoryData<string> All => OperationRegistry.Names(_ => true);

    [Theory, MemberData(nameof(All))]
    public void Values_agree_with_the_plain_float64_reference(string name)
    {
        OperationCase c = OperationRegistry.Find(name);
        Expected expected = c.Reference(c.Values());
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            (double[] got, DType gotType, _) = c.Forward(OperationDevices.Cpu, type);
            Near(c, $"{gotType} on cpu", expected.Values, expected.Terms, got, gotType);
        }
    }

    internal static void Near(OperationCase c, string what, double[] expected, double[] terms, double[] got, DType type)
    {
        Assert.True(expected.Length == got.Length, $"{c.Name}, {what}: expected {expected.Length} elements, got {got.Length}");
        for (int i = 0; i < got.Length; i++)
        {
            if (expected[i].Equals(got[i])) continue;
            double allowed = c.Tolerance.Allowed(expected[i], terms.Length == 0 ? 0 : terms[i], type);
            if (!(Math.Abs(expected[i] - got[i]) <= allowed)) Assert.Fail(c.Describe(what, i, expected[i], got[i], allowed));
        }
    }
}

public sealed class OperationGradientTests
{
    public static TheoryData<string> Smooth => OperationRegistry.Names(c => c.Orders > 0 && !c.IsLarge);

    public static TheoryData<string> Differentiable => OperationRegistry.Names(c => c.HasGradient);

    [Theory, MemberData(nameof(Smooth))]
    public void Gradients_agree_with_differences_in_float64(string name) => Check(OperationRegistry.Find(name)).ThrowIfFailed();

    [Theory, MemberData(nameof(Differentiable))]
    public void A_fused_gradient_equals_the_composed_rule(string name)
    {
        OperationCase c = OperationRegistry.Find(name);
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            double[][] composed = c.Gradients(OperationDevices.Cpu, type, createGraph: true);
            Near(c, $"{type} gradient", composed, c.Gradients(OperationDevices.Cpu, type, createGraph: false), type);
        }
    }

    internal static GradCheckResult Check(OperationCase c)
    {
        double[][] values = c.Values();
        int[] differentiable = [.. Enumerable.Range(0, c.Inputs.Length).Where(i => c.Inputs[i].IsDifferentiable)];
        Tensor[] inputs = Array.ConvertAll(differentiable, i => Tensor.From(values[i], c.Inputs[i].Shape, OperationDevices.Cpu));
        try
        {
            return GradCheck.Run(
                moved =>
                {
                    Tensor[] arguments = c.Tensors(Tape.Current!, values, DType.Float64);
                    for (int i = 0; i < differentiable.Length; i++) arguments[differentiable[i]] = moved[i];
                    return c.Function(arguments);
                },
                inputs,
                c.Orders);
        }
        finally
        {
            foreach (Tensor input in inputs) input.Dispose();
        }
    }

    internal static void Near(OperationCase c, string what, double[][] expected, double[][] got, DType type, int outputs = 0)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            double largest = expected[i].Length == 0 ? 0 : expected[i].Max(Math.Abs);

            // What was broadcast gets a sum of terms of about 1, which may cancel: rounding goes with the terms then, not with their sum.
            int terms = Math.Max(1, outputs / Math.Max(1, expected[i].Length));
            double allowed = c.Tolerance.AllowedInGradient(terms > 1 ? Math.Max(1, largest) : largest, type) * Math.Sqrt(terms);
            for (int k = 0; k < expected[i].Length; k++)
            {
                if (!(Math.Abs(expected[i][k] - got[i][k]) <= allowed))
                    Assert.Fail(c.Describe($"{what} {i}", k, expected[i][k], got[i][k], allowed));
            }
        }
    }
}

[Collection("simulator")]
public sealed class OperationSimulatorTests
{
    private static readonly HashSet<string> s_onSimulator = [.. Sampled()];

    public static TheoryData<string> Tiny => OperationRegistry.Names(c => !KernelDevice.IsSimulator || s_onSimulator.Contains(c.Name));

    /// <summary>
    /// All small cases, but every third of the elementwise operations, which share one kernel, of the likelihoods and losses, which share
    /// another, and of attention, whose tiles have tests of their own: another third for each operation, so that the kernel meets every
    /// shape several times.
    /// </summary>
    private static IEnumerable<string> Sampled()
    {
        IEnumerable<OperationCase>[] kinds =
            [ArithmeticCases.All(), ElementaryCases.All(), LikelihoodCases.All(), LossCases.All(), AttentionCases.All()];
        HashSet<string> sharing = [.. kinds.SelectMany(cases => cases).Select(c => c.Operation)];
        int turn = 0;
        foreach (IGrouping<string, OperationCase> operation in OperationRegistry.Cases.Where(c => c.IsTiny).GroupBy(c => c.Operation))
        {
            int step = sharing.Contains(operation.Key) ? 3 : 1, first = step == 1 ? 0 : turn++ % step;
            foreach (OperationCase c in operation.Where((_, i) => i % step == first)) yield return c.Name;
        }
    }

    [Theory, MemberData(nameof(Tiny))]
    public void The_simulator_computes_what_the_cpu_does(string name)
    {
        Compare(OperationRegistry.Find(name), DType.Float32);
        if (!KernelDevice.IsSimulator) Compare(OperationRegistry.Find(name), DType.Float64);
    }

    private static void Compare(OperationCase c, DType of)
    {
        (double[] cpu, DType type, Shape shape) = c.Forward(OperationDevices.Cpu, of);
        (double[] gpu, DType gpuType, Shape gpuShape) = c.Forward(OperationDevices.Gpu, of);
        Assert.Equal((type, shape), (gpuType, gpuShape));
        OperationForwardTests.Near(c, $"{type} on {KernelDevice.Name} beside cpu", cpu, c.Reference(c.Values()).Terms, gpu, type);
        if (!c.HasGradient) return;
        double[][] gradients = c.Gradients(OperationDevices.Cpu, of, createGraph: false);
        OperationGradientTests.Near(
            c, $"gradient on {KernelDevice.Name} beside cpu", gradients, c.Gradients(OperationDevices.Gpu, of, createGraph: false), of,
            cpu.Length);
    }
}

public sealed class OperationThreadTests
{
    public static TheoryData<string> All => OperationRegistry.Names(_ => true);

    [Theory, MemberData(nameof(All))]
    public void The_number_of_threads_changes_no_bit(string name)
    {
        OperationCase c = OperationRegistry.Find(name);
        double[][]? first = null;
        foreach (CpuDevice host in OperationDevices.Hosts)
        {
            double[][] results = [c.Forward(host, DType.Float32).Values, .. c.HasGradient
                ? c.Gradients(host, DType.Float32, createGraph: false) : []];
            first ??= results;
            for (int i = 0; i < results.Length; i++)
            {
                Assert.True(
                    MemoryMarshal.AsBytes<double>(first[i]).SequenceEqual(MemoryMarshal.AsBytes<double>(results[i])),
                    $"{name}: {(i == 0 ? "the result" : $"gradient {i - 1}")} with {host.Threads} threads differs from that with one");
            }
        }
    }
}

/// <summary>The number of elements of a vector decides how fast a result is there, and no bit of it.</summary>
public sealed class OperationWidthTests
{
    private static readonly CpuDevice s_wide = new(1) { Vectors = VectorWidth.Bits512 };

    private static readonly CpuDevice[] s_narrower =
        [new(1) { Vectors = VectorWidth.Bits256 }, new(1) { Vectors = VectorWidth.Bits128 }];

    public static TheoryData<string> All => OperationRegistry.Names(_ => true);

    public static TheoryData<string> Differentiable => OperationRegistry.Names(c => c.HasGradient);

    [Theory, MemberData(nameof(All))]
    public void Values_have_the_same_bits_with_vectors_of_any_width(string name)
    {
        OperationCase c = OperationRegistry.Find(name);
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            long[] expected = Bits(c.Forward(s_wide, type).Values);
            foreach (CpuDevice narrow in s_narrower) Assert.Equal(expected, Bits(c.Forward(narrow, type).Values));
        }
    }

    [Theory, MemberData(nameof(Differentiable))]
    public void Gradients_have_the_same_bits_with_vectors_of_any_width(string name)
    {
        OperationCase c = OperationRegistry.Find(name);
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            double[][] wide = c.Gradients(s_wide, type, createGraph: false);
            foreach (CpuDevice device in s_narrower)
            {
                double[][] narrow = c.Gradients(device, type, createGraph: false);
                for (int i = 0; i < wide.Length; i++) Assert.Equal(Bits(wide[i]), Bits(narrow[i]));
            }
        }
    }

    private static long[] Bits(double[] values) => Array.ConvertAll(values, BitConverter.DoubleToInt64Bits);
}
