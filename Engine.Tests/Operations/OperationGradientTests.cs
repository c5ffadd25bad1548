using Engine.Autograd.Checks;

namespace Engine.Tests.Operations;

public sealed class OperationGradientTests
{
    public static TheoryData<string> Smooth => OperationRegistry.Names(c => c.Orders > 0 && !c.IsLarge);

    public static TheoryData<string> Differentiable => OperationRegistry.Names(c => c.HasGradient);

    [Theory]
    [MemberData(nameof(Smooth))]
    public void Gradients_agree_with_differences_in_float64(string name) => Check(OperationRegistry.Find(name)).ThrowIfFailed();

    [Theory]
    [MemberData(nameof(Differentiable))]
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
