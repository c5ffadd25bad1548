using Engine.Models.Metrics;

namespace Engine.Tests.Metrics;

public sealed class FrechetDistanceTests
{
    [Fact]
    public void Equal_sets_are_at_distance_zero()
    {
        float[] vectors = Normal(500, 5, seed: 1, _ => 1, _ => 0);
        Assert.Equal(0, FrechetDistance.Between(Moments(vectors, 5), Moments(vectors, 5)), 1e-9);
    }

    [Fact]
    public void For_diagonal_Gaussians_it_is_that_of_means_and_deviations()
    {
        // d² = sum (ma - mb)² + (sa - sb)²
        FeatureMoments a = Moments(Normal(200_000, 3, seed: 1, i => 1 + i, _ => 0), 3),
            b = Moments(Normal(200_000, 3, seed: 2, i => 3 - i, i => i), 3);
        Assert.Equal((0 + 4) + (1 + 0) + (4 + 4), FrechetDistance.Between(a, b), 0.1);
    }

    [Fact]
    public void Turning_both_sets_changes_nothing()
    {
        float[] a = Normal(300, 2, seed: 3, i => 1 + (2 * i), _ => 0), b = Normal(300, 2, seed: 4, i => 2 - i, i => i);
        double before = FrechetDistance.Between(Moments(a, 2), Moments(b, 2));
        Assert.True(before > 1);
        Assert.Equal(before, FrechetDistance.Between(Moments(Turned(a), 2), Moments(Turned(b), 2)), 1e-4 * before);
    }

    [Fact]
    public void Features_that_never_change_and_fewer_samples_than_features_are_no_trouble()
    {
        FeatureMoments a = Moments([1, 2, 3, 1, 2, 4], 3), b = Moments([1, 2, 3, 1, 3, 3], 3);
        Assert.True(double.IsFinite(FrechetDistance.Between(a, b)));
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_a_sentence()
    {
        FeatureMoments three = Moments([1, 2, 3, 4, 5, 6], 3), two = Moments([1, 2, 3, 4], 2);
        Refused("found 3 and 2", () => FrechetDistance.Between(three, two));
        Refused("vectors of 3 values each, found 4", () => three.Add([1, 2, 3, 4]));
        Refused("found NaN", () => two.Add([1, float.NaN]));
        Refused<InvalidOperationException>("at least two vectors, found 1", () => FrechetDistance.Between(two, Moments([1, 2], 2)));
    }

    private static FeatureMoments Moments(float[] vectors, int features)
    {
        // In two parts: how they come must not matter.
        FeatureMoments moments = new(features);
        int half = vectors.Length / features / 2 * features;
        moments.Add(vectors.AsSpan(0, half));
        moments.Add(vectors.AsSpan(half));
        return moments;
    }

    private static float[] Turned(float[] vectors)
    {
        (float c, float s) = (MathF.Cos(0.7f), MathF.Sin(0.7f));
        float[] turned = new float[vectors.Length];
        for (int i = 0; i < vectors.Length; i += 2) (turned[i], turned[i + 1]) =
            ((c * vectors[i]) - (s * vectors[i + 1]), (s * vectors[i]) + (c * vectors[i + 1]));
        return turned;
    }

    private static float[] Normal(int count, int features, int seed, Func<int, double> deviation, Func<int, double> mean)
    {
        Random random = new(seed);
        float[] vectors = new float[count * features];
        for (int i = 0; i < vectors.Length; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            vectors[i] = (float)(mean(i % features) + (deviation(i % features) * normal));
        }

        return vectors;
    }
}
