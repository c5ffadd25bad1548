namespace Engine.Tests.Gpu;

/// <summary>
/// The device that the tests of GPU kernels run on beside the host: the simulator, or where the environment variable ENGINE_TEST_DEVICE
/// names one, as in <c>cuda:0</c>, a card. There the cases that take too long thread by thread run too, and the rungs that only a card has.
/// </summary>
internal static class KernelDevice
{
    private static readonly Lazy<bool> s_hasTensorCores = new(() =>
    {
        using Device device = Open();
        return device is GpuDevice { HasTensorCores: true };
    });

    private static readonly Lazy<Device> s_shared = new(Open);

    internal static string Name { get; } = Environment.GetEnvironmentVariable("ENGINE_TEST_DEVICE") is { Length: > 0 } name ? name
        : "simulator";

    internal static bool IsSimulator => Name == "simulator";

    /// <summary>Whether rungs of mma.sync can run.</summary>
    internal static bool HasTensorCores => !IsSimulator && s_hasTensorCores.Value;

    /// <summary>The number of the highest rung of the matrix products and convolutions that can run.</summary>
    internal static int LastRung => (int)(HasTensorCores ? KernelRung.BFloat16 : KernelRung.AsyncTile);

    /// <summary>
    /// The device of all tests that need none of their own: a kernel is compiled once for all of them, which takes the simulator longer
    /// than to run it.
    /// </summary>
    internal static Device Shared => s_shared.Value;

    internal static Device Open() => Device.Open(Name);

    /// <summary>The device of a name, and for the simulator's the one that stands in for it.</summary>
    internal static Device Open(string name) => Device.Open(name == "simulator" ? Name : name);
}
