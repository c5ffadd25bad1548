using Engine.Kernels.Devices;

namespace Engine.Kernels.RandomNumbers;

/// <summary>Ones with a given probability, zeros otherwise.</summary>
public static partial class RandomBernoulli
{
    /// <summary>
    /// Writes 1 to an element of <paramref name="y"/> where u &lt; p and 0 elsewhere, u being the float32 number in [0, 1) that
    /// <see cref="RandomUniform"/> makes at that index: the same outcomes in float32 and float64.
    /// </summary>
    /// <param name="y">The result, of any shape: float32 or float64.</param>
    /// <param name="p">The probability of a one, in [0, 1].</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="p"/> is no probability; the type or the offset is unfit.</exception>
    public static void Run(Storage y, float p, ulong key, long offset)
    {
        Device device = RandomArguments.Check(nameof(RandomBernoulli), y, offset);
        RandomArguments.Probability(nameof(RandomBernoulli), p, oneAllowed: true);
        if (device is CpuDevice cpu) RunOnHost(cpu, y, p, key, offset);
        else RunOnIlgpu((GpuDevice)device, y, p, key, offset);
    }
}
