namespace ILGPU;

/// <summary>Makes <see cref="ILGPU.Algorithms.XMath"/> known to a context; here it always is.</summary>
internal static class AlgorithmContext
{
    public static Context.Builder EnableAlgorithms(this Context.Builder builder) => builder;
}
