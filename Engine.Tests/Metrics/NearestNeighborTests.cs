using Engine.Models.Metrics;

namespace Engine.Tests.Metrics;

public sealed class NearestNeighborTests
{
    [Fact]
    public void The_nearest_of_others_and_of_the_rest()
    {
        Assert.Equal([5, 0], NearestNeighbor.Distances([0, 0, 3, 5], [3, 4, 9, 9, 3, 5], 2));
        Assert.Equal([1, 1, 4], NearestNeighbor.Distances([0, 0, 0, 1, 0, 5], 2));
    }

    [Fact]
    public void Alone_it_is_infinitely_far()
    {
        Assert.Equal([double.PositiveInfinity], NearestNeighbor.Distances([1, 2], 2));
        Assert.Equal([double.PositiveInfinity], NearestNeighbor.Distances([1, 2], [], 2));
        Assert.Empty(NearestNeighbor.Distances([], [1, 2], 2));
    }

    [Fact]
    public void Parts_of_vectors_are_refused() =>
        Assert.Contains("vectors of 2 values each, found 3",
            Assert.Throws<ArgumentException>(() => NearestNeighbor.Distances([1, 2, 3], 2)).Message, StringComparison.Ordinal);
}
