using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Autograd.Nn;

/// <summary>What a module needs to know when it is made.</summary>
/// <param name="Random">Where the initial values, and the masks of dropout, come from.</param>
/// <param name="Device">Where the parameters are; null takes <see cref="Device.Default"/>.</param>
/// <param name="DType">The type of the parameters.</param>
public sealed record ModuleOptions(RandomStream Random, Device? Device = null, DType DType = DType.Float32)
{
    /// <summary>Options with everything random flowing from a seed.</summary>
    public static ModuleOptions FromSeed(long seed, Device? device = null) => new(new RandomStream(seed), device);
}
