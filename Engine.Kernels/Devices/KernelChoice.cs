using System.Globalization;

namespace Engine.Kernels;

/// <summary>
/// What <c>ENGINE_KERNEL</c> asks for: a kernel and the number of its form, as <c>matmul:2</c>; several are separated by commas.
/// For benchmarks and teaching: without it each kernel chooses by the shape.
/// </summary>
internal static class KernelChoice
{
    /// <summary>The number that is asked for, 0 for none.</summary>
    /// <exception cref="DeviceException">The variable cannot be read, or the number is not from 1 to <paramref name="largest"/>.</exception>
    internal static int Of(string kernel, int largest) => Of(kernel, largest, Environment.GetEnvironmentVariable("ENGINE_KERNEL"));

    internal static int Of(string kernel, int largest, string? wanted)
    {
        foreach (string part in (wanted ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split(':');
            if (pair.Length != 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                throw new DeviceException($"ENGINE_KERNEL must name kernels and numbers, as in matmul:2; found '{part}'.");
            if (!pair[0].Equals(kernel, StringComparison.OrdinalIgnoreCase)) continue;
            if (number < 1 || number > largest) throw new DeviceException($"ENGINE_KERNEL: {kernel} has the forms 1 to {largest}; found '{part}'.");
            return number;
        }

        return 0;
    }
}
