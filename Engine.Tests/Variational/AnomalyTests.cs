namespace Engine.Tests.Variational;

public sealed class AnomalyTests
{
    [Fact]
    public void The_area_is_the_probability_that_an_anomaly_scores_higher()
    {
        Assert.Equal(1, Auroc.Of([1, 2, 3], [4, 5]));
        Assert.Equal(0, Auroc.Of([4, 5], [1, 2, 3]));
        Assert.Equal(0.5, Auroc.Of([1, 1, 1], [1, 1]));
        Assert.Equal(4.5 / 6, Auroc.Of([1, 2, 3], [2, 4]));
    }

    [Fact]
    public void The_area_is_that_of_counting_all_pairs()
    {
        Random random = new(1);
        double[] normal = Scores(300, 0), strange = Scores(200, 2);
        double wins = normal.Sum(a => strange.Sum(b => b > a ? 1 : b == a ? 0.5 : 0));
        Assert.Equal(wins / (300 * 200), Auroc.Of(normal, strange), 1e-12);

        double[] Scores(int count, int shift) => [.. Enumerable.Range(0, count).Select(_ => (double)(random.Next(10) + shift))];
    }

    [Fact]
    public void Scores_that_cannot_be_compared_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Auroc.Of([], [1]));
        Assert.Throws<ArgumentException>(() => Auroc.Of([1], []));
        Assert.Throws<ArgumentException>(() => Auroc.Of([1], [double.NaN]));
    }

    [Fact]
    public void A_score_is_the_negative_bound_and_the_second_one_its_distance_from_the_line_of_known_images()
    {
        using CpuDevice cpu = new(1);
        using Vae vae = TinyVae.Make(cpu);
        AnomalyScore score = new(vae, TinyVae.Images, TinyVae.Pixels, new RandomStream(1), samples: 3);
        RandomStream random = new(1);
        double[] known = vae.EvidenceLowerBound(TinyVae.Images, [4, 3], 3, random),
            next = vae.EvidenceLowerBound(TinyVae.Images, [4, 3], 3, random);
        double[] scores = score.Of(TinyVae.Images);
        Assert.Equal(next.Select(bound => -bound), scores);

        IndependentPixels pixels = new(TinyVae.Images, 3);
        double[] nats = pixels.Nats(TinyVae.Images);

        // b = cov(x, y) / var(x), a = mean(y) - b mean(x)
        double x = nats.Average(), y = -known.Average();
        double slope = nats.Zip(known, (at, bound) => (at - x) * (-bound - y)).Sum() / nats.Sum(at => (at - x) * (at - x));
        double[] beyond = score.BeyondUsual(TinyVae.Images, scores);
        for (int i = 0; i < 4; i++) Assert.Equal(scores[i] - y - (slope * (nats[i] - x)), beyond[i], 1e-9);
        Assert.Throws<ArgumentException>(() => score.BeyondUsual(TinyVae.Images, [1]));
        Assert.Throws<ArgumentException>(() => new AnomalyScore(vae, [1, 0, 1], 3, random));
    }

    [Fact]
    public void A_class_is_held_out_with_its_images_and_labels()
    {
        ImageDataset data = new("four", 1, 2, 1, [1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 0, 2], 3);
        (ImageDataset others, ImageDataset held) = HeldOutClass.Split(data, 0);
        Assert.Equal([3, 4, 7, 8], others.Pixels.ToArray());
        Assert.Equal([1, 2], others.Labels.ToArray());
        Assert.Equal([1, 2, 5, 6], held.Pixels.ToArray());
        Assert.Equal([0, 0], held.Labels.ToArray());
        Assert.Throws<DataException>(() => HeldOutClass.Split(data, 3));
        Assert.Throws<DataException>(() => HeldOutClass.Split(new ImageDataset("none", 1, 2, 1, [1, 2]), 0));
    }

    [Fact]
    public void Independent_pixels_cost_their_entropy()
    {
        IndependentPixels model = new([1, 0, 0, 0, 0, 0.5f, 0, 0], 2);
        Assert.Equal(-Math.Log(0.75) - Math.Log(0.875), model.Nats([0, 0])[0], 1e-12);
        Assert.Equal(-Math.Log(0.25) - Math.Log(0.875), model.Nats([1, 0, 0, 1])[0], 1e-12);
        Assert.Equal(-Math.Log(0.75) - Math.Log(0.125), model.Nats([1, 0, 0, 1])[1], 1e-12);
        Assert.Equal(-Math.Log(0.001), new IndependentPixels([0, 0], 1).Nats([1])[0], 1e-12);
        Assert.Equal(-Math.Log(0.999), new IndependentPixels([0, 0], 1).Nats([0])[0], 1e-12);
        Assert.Throws<ArgumentException>(() => new IndependentPixels([1, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => model.Nats([1]));
    }

    [Fact]
    public void Images_that_all_cost_the_same_have_a_usual_score_too()
    {
        using CpuDevice cpu = new(1);
        using Vae vae = TinyVae.Make(cpu);
        AnomalyScore score = new(vae, [1, 0, 1, 1, 0, 1], TinyVae.Pixels, new RandomStream(1));
        double[] beyond = score.BeyondUsual([1, 0, 1, 1, 0, 1], [3, 5]);
        Assert.Equal(2, beyond[1] - beyond[0], 1e-12);
    }
}
