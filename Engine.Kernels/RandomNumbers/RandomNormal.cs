using Engine.Kernels.Devices;

namespace Engine.Kernels.RandomNumbers;

/// <summary>Normal random numbers.</summary>
public static partial class RandomNormal
{
    /// <summary>
    /// Writes mean + std z to every element of <paramref name="y"/>, z standard normal, by Box and Muller's transform. Element i depends on
    /// <paramref name="key"/> and <paramref name="offset"/> + i alone. The tails reach |z| = 6.7 in float32 and 9.4 in float64, as
    /// 32 and 64 random bits give them; elsewhere float64 gives the numbers of float32 to more digits.
    /// </summary>
    /// <param name="y">The result, of any shape: float32 or float64.</param>
    /// <param name="mean">The mean.</param>
    /// <param name="std">The standard deviation, not negative.</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/>.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="mean"/> is not finite, <paramref name="std"/> is negative or not finite; the type or the offset is unfit.
    /// </exception>
    public static void Run(Storage y, double mean, double std, ulong key, long offset)
    {
        Device device = RandomArguments.Check(nameof(RandomNormal), y, offset);
        if (!double.IsFinite(mean)) throw new ArgumentException($"{nameof(RandomNormal)}: the mean must be finite, found {mean}.");
        if (!double.IsFinite(std) || std < 0)
            throw new ArgumentException($"{nameof(RandomNormal)}: the standard deviation must be finite and not negative, found {std}.");
        if (device is CpuDevice cpu) RunOnHost(cpu, y, mean, std, key, offset);
        else RunOnIlgpu((GpuDevice)device, y, mean, std, key, offset);
    }
}
