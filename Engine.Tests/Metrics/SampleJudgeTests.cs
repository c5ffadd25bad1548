using Engine.Models.Classification;
using Engine.Models.Metrics;

namespace Engine.Tests.Metrics;

public sealed class SampleJudgeTests : IsolatedTests
{
    private const int Pixels = 28 * 28;
    private readonly DigitClassifier _classifier;
    private readonly ImageDataset _training = Datasets.Load("digits", new DataOptions { Count = 600, Seed = 1 });
    private readonly SampleJudge _judge;

    public SampleJudgeTests()
    {
        _classifier = new DigitClassifier(new ModuleOptions(new RandomStream(1), Cpu));
        _judge = new SampleJudge(_classifier, _training, Datasets.Load("digits", new DataOptions { Count = 300, Seed = 2 }), samples: 300);
    }

    [Fact]
    public void Images_of_the_data_are_nearest_and_noise_is_far()
    {
        SampleQuality noise = _judge.Of(Noise(300));
        Assert.True(noise.FrechetDistance > 3 * _judge.Data.FrechetDistance,
            $"{noise.FrechetDistance} for noise, {_judge.Data.FrechetDistance} for data");
        Assert.Equal(0, noise.CopiedShare);
    }

    [Fact]
    public void Copies_of_training_images_are_found() => Assert.Equal(1, _judge.Data.CopiedShare);

    [Fact]
    public void Samples_that_are_all_alike_are_found()
    {
        SampleQuality quality = _judge.Of([.. Enumerable.Repeat(Noise(1), 40).SelectMany(image => image)]);
        Assert.Equal(1, quality.RepeatedShare);
        Assert.Equal(0, quality.SmallestShare);
        Assert.Contains("100 % repeat each other", string.Join("; ", quality.Signs(10)).Replace("100%", "100 %", StringComparison.Ordinal));
    }

    [Fact]
    public void Less_than_two_samples_are_refused() => Refused("at least two images of 784", () => _judge.Of(Noise(1)));

    public override void Dispose()
    {
        _classifier.Dispose();
        base.Dispose();
    }

    private static float[] Noise(int count)
    {
        Random random = new(5);
        return [.. Enumerable.Range(0, count * Pixels).Select(_ => (2 * random.NextSingle()) - 1)];
    }
}

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
        Refused("vectors of 2 values each, found 3", () => NearestNeighbor.Distances([1, 2, 3], 2));
}
