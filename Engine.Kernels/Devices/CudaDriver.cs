using System.Globalization;
using System.Runtime.InteropServices;

namespace Engine.Kernels.Devices;

/// <summary>What can be learnt of NVIDIA's driver without opening a device: why none opens, in words that say what to do.</summary>
/// <param name="IsInstalled">Whether its library was found.</param>
/// <param name="Status">What it answered to being started: 0 when all is well.</param>
/// <param name="Version">The CUDA version that it supports, as 1000 major + 10 minor; 0 when it does not say.</param>
/// <param name="Cards">The compute capability of each card, as 10 major + minor.</param>
internal sealed unsafe record CudaDriver(bool IsInstalled, int Status = 0, int Version = 0, params IReadOnlyList<int> Cards)
{
    private const int NoDevice = 100, DriverMismatch = 803, CompatibilityNotSupported = 804;
    private const int CapabilityMajor = 75, CapabilityMinor = 76;

    private static string Library => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Asks the driver of this machine.</summary>
    internal static CudaDriver Probe()
    {
        if (!NativeLibrary.TryLoad(Library, out nint library)) return new CudaDriver(false);
        var version = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "cuDriverGetVersion");
        var start = (delegate* unmanaged<uint, int>)NativeLibrary.GetExport(library, "cuInit");
        var count = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "cuDeviceGetCount");
        var attribute = (delegate* unmanaged<int*, int, int, int>)NativeLibrary.GetExport(library, "cuDeviceGetAttribute");
        int supported = 0, cards = 0;
        if (version(&supported) != 0) supported = 0;
        int status = start(0);
        if (status == 0) status = count(&cards);
        int[] capabilities = new int[cards];
        for (int i = 0; i < cards; i++)
        {
            int major = 0, minor = 0;
            if (attribute(&major, CapabilityMajor, i) == 0 && attribute(&minor, CapabilityMinor, i) == 0) capabilities[i] =
                (10 * major) + minor;
        }

        return new CudaDriver(true, status, supported, capabilities);
    }

    /// <summary>Why a card does not open.</summary>
    /// <param name="number">Which card, from 0.</param>
    /// <param name="needed">The CUDA version, as 1000 major + 10 minor, that a card of a compute capability needs.</param>
    /// <returns>A clause to follow a colon; null where the driver finds nothing wrong.</returns>
    internal string? WhyNot(int number, Func<int, int> needed)
    {
        if (!IsInstalled)
        {
            return $"there is no NVIDIA driver ({Library} was not found); install the driver of the card, after which nvidia-smi lists "
                + "it (a container needs --gpus all)";
        }

        if (Status == NoDevice || (Status == 0 && Cards.Count == 0))
            return $"the NVIDIA driver{Supports()} finds no card; nvidia-smi lists the cards that it sees, and CUDA_VISIBLE_DEVICES "
                + "hides some where it is set";
        if (Status is DriverMismatch or CompatibilityNotSupported)
            return $"the NVIDIA driver{Supports()} does not fit the part of it that the kernel has loaded (error {Status}); restart the "
                + "machine, as after every update of the driver";
        if (Status != 0) return $"the NVIDIA driver{Supports()} does not start (error {Status}); nvidia-smi says more";
        if (number >= Cards.Count) return $"only {Cards.Count} found, numbered from 0";
        int wanted = needed(Cards[number]);
        return Version >= wanted
            ? null
            : $"the NVIDIA driver is too old: it supports CUDA {Text(Version)}, and this card needs a driver for CUDA {Text(wanted)} or "
                + "newer; nvidia-smi shows the number at its top right";
    }

    private string Supports() => Version == 0 ? "" : $" (for CUDA {Text(Version)})";

    private static string Text(int version) => string.Create(CultureInfo.InvariantCulture, $"{version / 1000}.{version % 1000 / 10}");
}
