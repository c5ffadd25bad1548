using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Engine.Kernels.Devices;

/// <summary>
/// The one place where devices are opened, by name. It looks for a driver before it touches ILGPU, so that a program on the host never
/// loads that assembly.
/// </summary>
internal static class DeviceFactory
{
    private const string NoOpenCl =
        "there is no OpenCL driver with a GPU; install the one of the card's maker, after which clinfo lists it";

    private static string OpenClLibrary => OperatingSystem.IsWindows() ? "OpenCL.dll" : "libOpenCL.so.1";

    /// <summary>The device that is named or, where none is, the first of cuda and cpu that opens. OpenCL is opened only by name.</summary>
    /// <exception cref="DeviceException">A device is named and does not open.</exception>
    internal static Device OpenDefault(string? name)
    {
        if (!string.IsNullOrWhiteSpace(name)) return Open(name);
        CudaDriver driver = CudaDriver.Probe();
        return driver.Cards.Count > 0 && TryOpenCuda(driver, 0, out _) is { } card ? card : new CpuDevice();
    }

    /// <summary>Opens a device by name.</summary>
    /// <exception cref="DeviceException">There is no such device, or it does not open.</exception>
    internal static Device Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] parts = name.Trim().ToLowerInvariant().Split(':');
        int number = 0;
        bool isNumbered = parts.Length == 2;
        if (parts.Length > 2) throw Unknown(name);
        if (isNumbered && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out number)) throw Unknown(name);
        string why;
        switch (parts[0])
        {
            case "cpu":
                if (isNumbered && number is < 1 or > CpuDevice.MaxThreads)
                    throw new DeviceException($"Device '{name}': the number of threads must be from 1 to {CpuDevice.MaxThreads}.");
                return new CpuDevice(number);
            case "simulator" when !isNumbered:
                return GpuRuntime.OpenSimulator();
            case "cuda":
                return TryOpenCuda(CudaDriver.Probe(), number, out why) ?? throw DoesNotOpen(name, why);
            case "opencl":
                return TryOpenOpenCl(number, out why) ?? throw DoesNotOpen(name, why);
            default:
                throw Unknown(name);
        }
    }

    /// <summary>The CUDA version that ILGPU needs for a card of a compute capability, as 1000 major + 10 minor.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static int NeededVersion(int capability) => GpuRuntime.NeededVersion(capability);

    private static Device? TryOpenCuda(CudaDriver driver, int number, out string why)
    {
        why = driver.WhyNot(number, NeededVersion) ?? "";
        return why.Length > 0 ? null : GpuRuntime.TryOpenCuda(number, out why);
    }

    private static Device? TryOpenOpenCl(int number, out string why)
    {
        why = NoOpenCl;
        return HasOpenCl() ? GpuRuntime.TryOpenOpenCl(number, NoOpenCl, out why) : null;
    }

    private static bool HasOpenCl() => NativeLibrary.TryLoad(OpenClLibrary, out _);

    private static DeviceException Unknown(string name) => new($"There is no device '{name}'.{Environment.NewLine}{Listing()}");

    private static DeviceException DoesNotOpen(string name, string why) =>
        new($"Device '{name}' does not open: {why}.{Environment.NewLine}{Listing()}");

    /// <summary>What there is to open, found without opening any of it.</summary>
    private static string Listing()
    {
        StringBuilder text = new("Devices:");
        CudaDriver driver = CudaDriver.Probe();
        Line("cpu", "the host, in SIMD; cpu:N takes N threads");
        Line("simulator", "ILGPU's CPU accelerator: the GPU kernels on the host, thread by thread");
        Line("cuda:N", driver.WhyNot(0, NeededVersion) ?? $"NVIDIA cards, of which there are {driver.Cards.Count}, numbered from 0");
        Line("opencl:N", HasOpenCl() ? "GPUs of Intel, numbered from 0" : NoOpenCl);
        return text.ToString();

        void Line(string name, string what) =>
            text.Append(Environment.NewLine).Append(CultureInfo.InvariantCulture, $"  {name,-10} {what}");
    }
}
