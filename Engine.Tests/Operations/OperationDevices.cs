using Engine.Tests.Gpu;

namespace Engine.Tests.Operations;

/// <summary>The devices that operations are checked on.</summary>
internal static class OperationDevices
{
    private static readonly Lazy<Device> s_gpu = new(KernelDevice.Open);

    /// <summary>The host with 1, 2 and 3 threads.</summary>
    internal static CpuDevice[] Hosts { get; } = [new(1), new(2), new(3)];

    internal static CpuDevice Cpu => Hosts[0];

    internal static Device Gpu => s_gpu.Value;
}
