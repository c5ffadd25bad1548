namespace Engine.Kernels;

/// <summary>
/// How exactly matrix products and convolutions multiply. Sums are float32 in each, and everything else is computed in float32 whatever is
/// asked for.
/// </summary>
public enum Precision
{
    /// <summary>Float32 multiplications. Nothing less exact is ever used unless it is asked for.</summary>
    Float32,

    /// <summary>
    /// Operands may be rounded to TF32, 8 bits of exponent and 10 of fraction, for the tensor cores of NVIDIA's cards from sm_80 on: a
    /// relative error of 2^-11 in each. Devices without them compute in float32.
    /// </summary>
    Tf32,

    /// <summary>
    /// Operands may be stored as bfloat16, 8 bits of exponent and 7 of fraction, for the same tensor cores, at twice the rate: a relative
    /// error of 2^-8 in each. Devices without them compute in float32.
    /// </summary>
    BFloat16,
}

/// <summary>Precisions by the names that <c>ENGINE_PRECISION</c> and <c>--precision</c> know.</summary>
internal static class PrecisionNames
{
    private static readonly Lazy<Precision> s_fromEnvironment = new(() => Parse(Environment.GetEnvironmentVariable("ENGINE_PRECISION")));

    /// <summary>All of them, float32 first.</summary>
    internal static IReadOnlyList<string> All { get; } = ["float32", "tf32", "bfloat16"];

    /// <summary>What ENGINE_PRECISION asks for; float32 where it is not set.</summary>
    /// <exception cref="DeviceException">It is none of the names.</exception>
    internal static Precision FromEnvironment => s_fromEnvironment.Value;

    internal static Precision Parse(string? name) => name?.Trim().ToLowerInvariant() switch
    {
        null or "" or "float32" => Precision.Float32,
        "tf32" => Precision.Tf32,
        "bfloat16" => Precision.BFloat16,
        _ => throw new DeviceException($"ENGINE_PRECISION must be one of {string.Join(", ", All)}; was '{name}'."),
    };
}
