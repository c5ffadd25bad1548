namespace Engine.Tests.Data;

public sealed class ToyDataTests
{
    [Fact]
    public void The_mixtures_are_those_of_the_papers()
    {
        Assert.Equal((8, 0.01), (GaussianMixture.Ring.Centers.Count, GaussianMixture.Ring.Deviation));
        Assert.All(GaussianMixture.Ring.Centers, center => Assert.Equal(1, (center.X * center.X) + (center.Y * center.Y), 1e-12));
        Assert.Equal((25, 0.05), (GaussianMixture.Grid.Centers.Count, GaussianMixture.Grid.Deviation));
        Assert.Equal([-4, -2, 0, 2, 4], GaussianMixture.Grid.Centers.Select(center => center.X).Distinct().Order());
    }

    [Fact]
    public void Points_have_the_means_and_deviations_of_their_components_and_the_seeds_bits()
    {
        GaussianMixture mixture = new("two", [(-3, 1), (5, 2)], 0.5);
        float[] points = mixture.Sample(20_000, new RandomStream(1));
        Assert.Equal(points, mixture.Sample(20_000, new RandomStream(1)));
        for (int i = 0; i < 2; i++)
        {
            (double x, double y) = mixture.Centers[i];
            double[] xs = [.. points.Where((_, at) => at % 2 == 0 && Math.Abs(points[at] - x) < 4).Select(v => (double)v)];
            double[] ys = [.. points.Where((_, at) => at % 2 == 1 && Math.Abs(points[at - 1] - x) < 4).Select(v => (double)v)];
            Assert.InRange(xs.Length, 9_700, 10_300);
            Assert.Equal(x, xs.Average(), 0.02);
            Assert.Equal(y, ys.Average(), 0.02);
            Assert.Equal(0.25, xs.Average(v => (v - x) * (v - x)), 0.01);
            Assert.Equal(0.25, ys.Average(v => (v - y) * (v - y)), 0.01);
        }
    }

    [Fact]
    public void Mixtures_that_are_none_are_refused()
    {
        Refused("at least one component, found none", () => _ = new GaussianMixture("none", [], 1));
        Refused<ArgumentOutOfRangeException>("a finite deviation above 0, found 0", () => _ = new GaussianMixture("flat", [(0, 0)], 0));
    }

    [Fact]
    public void Stacks_hold_an_image_of_the_set_in_each_channel_and_are_labelled_by_the_three()
    {
        ImageDataset digits = Digits.Draw(30, seed: 1), stacked = StackedDigits.Of(digits, 40, new RandomStream(2));
        Assert.Equal((40, 28, 28, 3, 1000), (stacked.Count, stacked.Height, stacked.Width, stacked.Channels, stacked.Classes));
        Dictionary<string, int> labels = Enumerable.Range(0, 30).ToDictionary(
            i => Convert.ToHexString(digits.Image(i)), i => digits.Label(i));
        for (int i = 0; i < 40; i++)
        {
            int label = 0;
            for (int channel = 0; channel < 3; channel++)
            {
                byte[] image = [.. stacked.Image(i).ToArray().Where((_, at) => at % 3 == channel)];
                label = (10 * label) + labels[Convert.ToHexString(image)];
            }

            Assert.Equal(label, stacked.Label(i));
        }

        Assert.True(stacked.Labels.ToArray().Distinct().Count() > 30);
        Assert.Equal(stacked.Pixels, StackedDigits.Of(digits, 40, new RandomStream(2)).Pixels);
        Refused<DataException>("grey images labelled with 10 classes, found 3 channels and 1000 classes",
            () => StackedDigits.Of(stacked, 5, new RandomStream(2)));
        Refused<DataException>("expected a count from 1 to", () => StackedDigits.Of(digits, 0, new RandomStream(2)));
    }
}
