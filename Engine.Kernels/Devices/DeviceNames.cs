namespace Engine.Kernels;

/// <summary>Opens devices by name, and explains the ones that do not open.</summary>
internal static class DeviceNames
{
    internal static Device OpenDefault(string? wanted) => string.IsNullOrWhiteSpace(wanted) ? new CpuDevice() : Open(wanted);

    internal static Device Open(string name)
    {
        string[] parts = name.Trim().ToLowerInvariant().Split(':');
        int number = 0;
        if (parts.Length > 2 || (parts.Length == 2 && (!int.TryParse(parts[1], out number) || number < 0))) throw Unknown(name);
        return parts[0] switch
        {
            "cpu" => new CpuDevice(number),
            _ => throw Unknown(name),
        };
    }

    private static DeviceException Unknown(string name) => new($"There is no device '{name}'.");
}
