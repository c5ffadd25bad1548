namespace Engine.Tests;

/// <summary>Results that agree within a tolerance, element by element.</summary>
internal static class Closeness
{
    internal static void Near(double[] expected, double[] found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], tolerance);
    }

    internal static void Near(double[] expected, Tensor found, double tolerance) => Near(expected, found.ToDoubles(), tolerance);

    internal static void Near(Tensor expected, Tensor found, double tolerance) => Near(expected.ToDoubles(), found.ToDoubles(), tolerance);

    internal static void Near(IReadOnlyList<Tensor> expected, IReadOnlyList<Tensor> found, double tolerance)
    {
        Assert.Equal(expected.Count, found.Count);
        for (int i = 0; i < expected.Count; i++) Near(expected[i], found[i], tolerance);
    }
}
