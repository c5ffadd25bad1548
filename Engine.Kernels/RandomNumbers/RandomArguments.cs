using Engine.Kernels.Devices;

namespace Engine.Kernels.RandomNumbers;

/// <summary>What the random kernels check alike.</summary>
internal static class RandomArguments
{
    internal static Device Check(string operation, Storage y, long offset)
    {
        ArgumentNullException.ThrowIfNull(y);
        if (y.DType is not (DType.Float32 or DType.Float64))
            throw new ArgumentException($"{operation}: the result must be {DType.Float32} or {DType.Float64}, found {y.DType}.");
        Arguments.RandomOffset(operation, offset);
        return Arguments.OneDevice(operation, y);
    }

    internal static void Probability(string operation, float p, bool oneAllowed)
    {
        if (!(p >= 0 && (oneAllowed ? p <= 1 : p < 1)))
            throw new ArgumentException($"{operation}: p must be a probability in [0, 1{(oneAllowed ? ']' : ')')}, found {p}.");
    }
}
