namespace Engine.Tests.Variational;

public sealed class LinearProbeTests : IsolatedTests
{
    [Fact]
    public void Classes_that_lie_apart_are_told_apart()
    {
        (float[] features, int[] labels) = Clusters(600, seed: 1);
        using LinearProbe probe = new(3, 3, ModuleOptions.FromSeed(1, Cpu), learningRate: 0.05);
        Assert.InRange(probe.Accuracy(features, labels), 0.2, 0.45);
        probe.Fit(features, labels, epochs: 10, batch: 60);
        (float[] others, int[] answers) = Clusters(300, seed: 2);
        Assert.Equal(1, probe.Accuracy(others, answers));
    }

    [Fact]
    public void The_same_seed_gives_the_same_answers()
    {
        (float[] features, int[] labels) = Clusters(300, seed: 1, spread: 3);
        Assert.Equal(Fitted(), Fitted());

        double Fitted()
        {
            using LinearProbe probe = new(3, 3, ModuleOptions.FromSeed(1, Cpu));
            probe.Fit(features, labels, epochs: 2);
            return probe.Accuracy(features, labels);
        }
    }

    [Fact]
    public void The_order_of_the_examples_follows_from_the_seed_and_the_epoch()
    {
        Assert.Equal(Order(seed: 1, epoch: 0), Order(seed: 1, epoch: 0));
        Assert.NotEqual(Order(seed: 1, epoch: 0), Order(seed: 2, epoch: 0));
        Assert.NotEqual(Order(seed: 1, epoch: 0), Order(seed: 1, epoch: 1));
        Assert.Equal(Enumerable.Range(0, 100), Order(seed: 1, epoch: 0).Order());

        int[] Order(long seed, int epoch)
        {
            using LinearProbe probe = new(3, 3, ModuleOptions.FromSeed(seed, Cpu));
            int[] order = new int[100];
            probe.Shuffle(epoch, order);
            return order;
        }
    }

    [Fact]
    public void Features_and_labels_that_do_not_fit_are_refused()
    {
        using LinearProbe probe = new(3, 3, ModuleOptions.FromSeed(1, Cpu));
        Assert.Throws<ArgumentException>(() => probe.Fit(new float[5], [0, 1]));
        Assert.Throws<ArgumentException>(() => probe.Fit(new float[3], [3]));
        Assert.Throws<ArgumentException>(() => probe.Accuracy([], []));
    }

    // Three clusters at the corners of a triangle, in coordinates of unlike scale; the third feature never changes.
    private static (float[] Features, int[] Labels) Clusters(int count, int seed, double spread = 0.3)
    {
        Random random = new(seed);
        float[] features = new float[count * 3];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            labels[i] = i % 3;
            features[3 * i] = (float)(1000 * ((labels[i] == 1 ? 3 : 0) + (spread * (random.NextDouble() - 0.5))));
            features[(3 * i) + 1] = (float)((labels[i] == 2 ? 3 : 0) + (spread * (random.NextDouble() - 0.5)));
            features[(3 * i) + 2] = 7;
        }

        return (features, labels);
    }
}
