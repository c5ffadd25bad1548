using System.Globalization;
using System.Text;

namespace Engine.Kernels;

/// <summary>Opens devices by name, and explains the ones that do not open.</summary>
internal static class DeviceNames
{
    internal static Device OpenDefault(string? wanted)
    {
        if (!string.IsNullOrWhiteSpace(wanted)) return Open(wanted);
        return Gpu.TryOpen("cuda", 0, out _) ?? Gpu.TryOpen("opencl", 0, out _) ?? new CpuDevice();
    }

    internal static Device Open(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] parts = name.Trim().ToLowerInvariant().Split(':');
        int number = 0;
        bool isNumbered = parts.Length == 2;
        if (parts.Length > 2) throw Unknown(name);
        if (isNumbered && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out number)) throw Unknown(name);
        switch (parts[0])
        {
            case "cpu":
                if (isNumbered && number is < 1 or > CpuDevice.MaxThreads)
                    throw new DeviceException($"Device '{name}': the number of threads must be from 1 to {CpuDevice.MaxThreads}.");
                return new CpuDevice(number);
            case "simulator" when !isNumbered:
                return Simulator.Open();
            case "cuda" or "opencl":
                return Gpu.TryOpen(parts[0], number, out string why)
                    ?? throw new DeviceException($"Device '{name}' does not open: {why}.{Environment.NewLine}{Listing()}");
            default:
                throw Unknown(name);
        }
    }

    private static DeviceException Unknown(string name) => new($"There is no device '{name}'.{Environment.NewLine}{Listing()}");

    private static string Listing()
    {
        StringBuilder text = new("Devices:");
        Line("cpu", "opens; cpu:N takes N threads");
        Line("simulator", $"opens; {Simulator.Description}");
        foreach (string kind in (ReadOnlySpan<string>)["cuda", "opencl"])
        {
            using Device? device = Gpu.TryOpen(kind, 0, out string why);
            Line($"{kind}:N", device is null ? $"does not open: {why}" : $"opens; {kind}:0 is {device.Description}");
        }

        return text.ToString();

        void Line(string name, string what) =>
            text.Append(Environment.NewLine).Append(CultureInfo.InvariantCulture, $"  {name,-10} {what}");
    }
}
