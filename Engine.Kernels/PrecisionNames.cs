namespace Engine.Kernels;

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
