using Engine.Kernels;
using Xunit;

namespace Engine.Tests;

public sealed class OperationSimulatorTests
{
    /// <summary>Operations that lack a form for GPUs, in themselves or in their gradient.</summary>
    internal static readonly HashSet<string> NotYetOnSimulator =
    [
        "Loss.BinaryCrossEntropy", "Loss.BinaryCrossEntropyFromLogits", "Loss.MeanSquaredError", "Tensor.ArgMax", "Tensor.Bernoulli", "Tensor.BroadcastTo",
        "Tensor.Dropout", "Tensor.Linear", "Tensor.LogSoftmax", "Tensor.LogSumExp", "Tensor.MatMul", "Tensor.Max", "Tensor.Maximum", "Tensor.Mean",
        "Tensor.Min", "Tensor.Minimum", "Tensor.Normal", "Tensor.Softmax", "Tensor.Sum", "Tensor.SumTo", "Tensor.Uniform", "Tensor.Variance",
        "Tensor.operator *(Tensor, Tensor)", "Tensor.operator +(Tensor, Tensor)", "Tensor.operator -(Tensor, Tensor)", "Tensor.operator /(Tensor, Tensor)",
    ];

    public static TheoryData<string> Tiny => OperationRegistry.Names(c => c.IsTiny && !NotYetOnSimulator.Contains(c.Operation));

    [Theory]
    [MemberData(nameof(Tiny))]
    public void The_simulator_computes_what_the_cpu_does(string name) => Compare(OperationRegistry.Find(name));

    [Fact]
    public void An_operation_that_is_listed_as_missing_on_the_simulator_is_missing()
    {
        string[] working = [.. NotYetOnSimulator.Where(operation => OperationRegistry.Cases.Where(c => c.IsTiny && c.Operation == operation).All(Works))];
        Assert.True(working.Length == 0, $"these work on the simulator, take them off the list: {string.Join("; ", working)}");
    }

    private static bool Works(OperationCase c)
    {
        try
        {
            Compare(c);
            return true;
        }
        catch (Exception missing) when (missing is DeviceException or NotSupportedException)
        {
            return false;
        }
    }

    private static void Compare(OperationCase c)
    {
        (double[] cpu, DType type, Shape shape) = c.Forward(OperationDevices.Cpu, DType.Float32);
        (double[] simulator, DType simulatorType, Shape simulatorShape) = c.Forward(OperationDevices.Simulator, DType.Float32);
        Assert.Equal((type, shape), (simulatorType, simulatorShape));
        OperationForwardTests.Near(c, $"{type} on simulator beside cpu", cpu, c.Reference(c.Values()).Terms, simulator, type);
        if (!c.HasGradient) return;
        double[][] gradients = c.Gradients(OperationDevices.Cpu, DType.Float32, createGraph: false);
        OperationGradientTests.Near(
            c, "gradient on simulator beside cpu", gradients, c.Gradients(OperationDevices.Simulator, DType.Float32, createGraph: false), DType.Float32);
    }
}
