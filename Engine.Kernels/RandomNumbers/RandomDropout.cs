using Engine.Kernels.Devices;

namespace Engine.Kernels.RandomNumbers;

/// <summary>
/// Dropout (Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to prevent neural networks from
/// overfitting", 2014), scaled in training. The mask is a function of key and offset and is never stored: the backward pass runs
/// the same kernel on the gradient.
/// </summary>
public static partial class RandomDropout
{
    /// <summary>
    /// y = x / (1 - p) where an element is kept, 0 where it is dropped. Element i is kept when u &gt;= p, u being the float32 number in
    /// [0, 1) that <see cref="RandomUniform"/> makes at index <paramref name="offset"/> + i: the same mask in float32 and float64.
    /// </summary>
    /// <param name="x">The input, of any shape: float32 or float64.</param>
    /// <param name="y">The result, of as many elements and the same type; may be <paramref name="x"/> itself.</param>
    /// <param name="p">The probability that an element is dropped, in [0, 1).</param>
    /// <param name="key">The stream: <see cref="RandomStream.Key"/>.</param>
    /// <param name="offset">The index of the first number: <see cref="RandomStream.Reserve"/>.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="p"/> is not in [0, 1); lengths, types or devices differ; the type or the offset is unfit.
    /// </exception>
    public static void Run(Storage x, Storage y, float p, ulong key, long offset)
    {
        ArgumentNullException.ThrowIfNull(x);
        RandomArguments.Check(nameof(RandomDropout), y, offset);
        Device device = Arguments.OneDevice(nameof(RandomDropout), x, y);
        Arguments.OneType(nameof(RandomDropout), x, y);
        Arguments.Length(nameof(RandomDropout), nameof(x), x, y.Length);
        RandomArguments.Probability(nameof(RandomDropout), p, oneAllowed: false);
        if (device is CpuDevice cpu) RunOnHost(cpu, x, y, p, key, offset);
        else RunOnIlgpu((GpuDevice)device, x, y, p, key, offset);
    }
}
