using Engine.Kernels.Devices;

namespace Engine.Kernels.RandomNumbers;

/// <summary>Uniform random numbers in [low, high).</summary>
public static partial class RandomUniform
{
    /// <summary>
    /// Writes low + (high - low) u to every element of <paramref name="y"/>, where u is a multiple of 2^-24 (float32) or 2^-53
    /// (float64) in [0, 1). Element i depends on <paramref name="key"/> and <paramref name="offset"/> + i alone; the u of float32 is
    /// that of float64, rounded down.
    /// </summary>
    /// <param name="y">The result, of any shape: float32 or float64.</param>
    /// <param name="low">The smallest number that can come.</param>
    /// <param name="high">What all numbers are below.</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/>.</param>
    /// <exception cref="ArgumentException">
    /// The range is empty or infinite, also after rounding to the type of <paramref name="y"/>; the type or the offset is unfit.
    /// </exception>
    public static void Run(Storage y, double low, double high, ulong key, long offset)
    {
        Device device = RandomArguments.Check(nameof(RandomUniform), y, offset);
        bool fits = y.DType == DType.Float64
            ? low < high && double.IsFinite(high - low)
            : (float)low < (float)high && float.IsFinite((float)high - (float)low);
        if (!fits)
            throw new ArgumentException(
                $"{nameof(RandomUniform)}: low must be less than high and both finite in {y.DType}, found [{low}, {high}).");
        if (device is CpuDevice cpu) RunOnHost(cpu, y, low, high, key, offset);
        else RunOnIlgpu((GpuDevice)device, y, low, high, key, offset);
    }
}
