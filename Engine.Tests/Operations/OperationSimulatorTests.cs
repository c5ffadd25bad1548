using Engine.Tests.Gpu;

namespace Engine.Tests.Operations;

public sealed class OperationSimulatorTests
{
    public static TheoryData<string> Tiny => OperationRegistry.Names(c => c.IsTiny || !KernelDevice.IsSimulator);

    [Theory]
    [MemberData(nameof(Tiny))]
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
