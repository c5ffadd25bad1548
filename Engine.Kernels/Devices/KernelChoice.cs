using System.Globalization;
using Engine.Kernels.Conv.Host;
using Engine.Kernels.Gemm.Gpu;

namespace Engine.Kernels.Devices;

/// <summary>
/// What <c>ENGINE_KERNEL</c> selects: a kernel and the number of its form, as <c>matmul:2</c>; several are separated by commas.
/// For benchmarks and teaching: without it each kernel chooses by the shape.
/// </summary>
internal static class KernelChoice
{
    /// <summary>Kernels with several forms, and how many.</summary>
    private static readonly (string Kernel, int Forms)[] s_known =
        [("matmul", (int)KernelRung.BFloat16), ("conv", (int)KernelRung.BFloat16), ("conv-host", (int)ConvForm.Winograd)];

    private static readonly string? s_wanted = Environment.GetEnvironmentVariable("ENGINE_KERNEL");

    /// <summary>Checks the variable: called when a device is opened, so that a mistake shows even where no such kernel runs.</summary>
    /// <exception cref="DeviceException">The variable cannot be read, or names a kernel or a form that does not exist.</exception>
    internal static void Check() => _ = Of("", s_wanted);

    /// <summary>The selected number, 0 for none.</summary>
    internal static int Of(string kernel) => Of(kernel, s_wanted);

    /// <summary>The number that a value of the variable selects, 0 for none.</summary>
    /// <exception cref="DeviceException">The value cannot be read, or names a kernel or a form that does not exist.</exception>
    internal static int Of(string kernel, string? wanted)
    {
        int asked = 0;
        foreach (string part in (wanted ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split(':');
            if (pair.Length != 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                throw new DeviceException($"ENGINE_KERNEL must name kernels and numbers, as in matmul:2; found '{part}'.");
            (string name, int forms) = Array.Find(s_known, known => known.Kernel.Equals(pair[0], StringComparison.OrdinalIgnoreCase));
            if (name is null)
            {
                string names = string.Join(", ", s_known.Select(known => known.Kernel));
                throw new DeviceException($"ENGINE_KERNEL: there is no kernel '{pair[0]}' with several forms; there are {names}.");
            }

            if (number < 1 || number > forms) throw new DeviceException(
                $"ENGINE_KERNEL: {name} has the forms 1 to {forms}; found '{part}'.");
            if (name == kernel) asked = number;
        }

        return asked;
    }
}
