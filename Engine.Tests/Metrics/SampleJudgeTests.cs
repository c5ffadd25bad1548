using Engine.Autograd.Nn;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Classification;
using Engine.Models.Data;
using Engine.Models.Metrics;

namespace Engine.Tests.Metrics;

public sealed class SampleJudgeTests : IDisposable
{
    private const int Pixels = 28 * 28;
    private readonly Device _device = new CpuDevice(1);
    private readonly DigitClassifier _classifier;
    private readonly ImageDataset _training = Datasets.Load("digits", new DataOptions { Count = 600, Seed = 1 });
    private readonly SampleJudge _judge;

    public SampleJudgeTests()
    {
        _classifier = new DigitClassifier(new ModuleOptions(new RandomStream(1), _device));
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
        Assert.Contains("100 % repeat each other", string.Join("; ", quality.Signs(10)).Replace("100%", "100 %", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Less_than_two_samples_are_refused() =>
        Assert.Contains("at least two images of 784", Assert.Throws<ArgumentException>(() => _judge.Of(Noise(1))).Message,
            StringComparison.Ordinal);

    public void Dispose()
    {
        _classifier.Dispose();
        _device.Dispose();
    }

    private static float[] Noise(int count)
    {
        Random random = new(5);
        return [.. Enumerable.Range(0, count * Pixels).Select(_ => (2 * random.NextSingle()) - 1)];
    }
}
