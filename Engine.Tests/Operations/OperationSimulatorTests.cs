using Engine.Kernels;
using Engine.Tests.Gpu;
using Xunit;

namespace Engine.Tests.Operations;

public sealed class OperationSimulatorTests
{
    /// <summary>Operations that lack a form for GPUs, in themselves or in their gradient.</summary>
    internal static readonly HashSet<string> NotYetOnSimulator = [];

    public static TheoryData<string> Tiny =>
        OperationRegistry.Names(c => (c.IsTiny || !KernelDevice.IsSimulator) && !NotYetOnSimulator.Contains(c.Operation));

    [Theory]
    [MemberData(nameof(Tiny))]
    public void The_simulator_computes_what_the_cpu_does(string name)
    {
        Compare(OperationRegistry.Find(name), DType.Float32);
        if (!KernelDevice.IsSimulator) Compare(OperationRegistry.Find(name), DType.Float64);
    }

    [Fact]
    public void An_operation_that_is_listed_as_missing_on_the_simulator_is_missing()
    {
        string[] working = [.. NotYetOnSimulator.Where(
            operation => OperationRegistry.Cases.Where(c => c.IsTiny && c.Operation == operation).All(Works))];
        Assert.True(working.Length == 0, $"these work on the simulator, take them off the list: {string.Join("; ", working)}");
    }

    private static bool Works(OperationCase c)
    {
        try
        {
            Compare(c, DType.Float32);
            return true;
        }
        catch (Exception missing) when (missing is DeviceException or NotSupportedException)
        {
            return false;
        }
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
