namespace Engine.Kernels.Devices;

/// <summary>What was asked of a device since it was opened. Not exact where several threads ask at once.</summary>
internal sealed class DeviceActivity
{
    /// <summary>Kernels that were launched.</summary>
    internal long Launches { get; set; }

    /// <summary>Copies from the host to the device.</summary>
    internal long Uploads { get; set; }

    /// <summary>Copies from the device to the host; the host waits for each.</summary>
    internal long Downloads { get; set; }

    /// <summary>Times that the host waited for the device, downloads included.</summary>
    internal long Waits { get; set; }

    /// <summary>
    /// Bytes of the managed heap that were allocated between asking for a launcher and the end of a launch, where launches are skipped.
    /// </summary>
    internal long LaunchBytes { get; set; }
}
