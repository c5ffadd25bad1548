using Engine.Models.Classification;
using Engine.Models.Metrics;

namespace Engine.Tests.Metrics;

public sealed class ModeCoverageTests : IsolatedTests
{
    [Fact]
    public void A_point_is_good_within_three_deviations_of_a_mean_and_counts_there()
    {
        // Two within the ring's first mode, one just outside of it, one in its third, one nowhere, one that is no number.
        float[] points = [1, 0, 1.029f, 0, 1.0301f, 0, 0.021f, 0.979f, 0.5f, 0.5f, float.NaN, 0];
        ModeCoverage found = ModeCoverage.Of(GaussianMixture.Ring, points);
        Assert.Equal([2, 0, 1, 0, 0, 0, 0, 0], found.Counts);
        Assert.Equal((2, 6, 0.5), (found.Covered, found.Total, found.GoodShare));

        // 2/3 log(16/3) + 1/3 log(8/3)
        Assert.Equal((2.0 / 3 * Math.Log(16.0 / 3)) + (1.0 / 3 * Math.Log(8.0 / 3)), found.Divergence, 1e-12);
        Assert.Equal(double.PositiveInfinity, ModeCoverage.Of(GaussianMixture.Ring, [9, 9]).Divergence);
    }

    [Theory, Values("ring", "grid")]
    public void Of_the_mixture_itself_989_in_1000_are_good_and_no_mode_is_missing(string name)
    {
        GaussianMixture mixture = name == "ring" ? GaussianMixture.Ring : GaussianMixture.Grid;
        ModeCoverage found = ModeCoverage.Of(mixture, mixture.Sample(20_000, new RandomStream(3)));
        Assert.Equal(mixture.Centers.Count, found.Covered);
        Assert.Equal(1 - Math.Exp(-4.5), found.GoodShare, 0.003);
        Assert.InRange(found.Divergence, 0, 0.003);
    }

    [Fact]
    public void Parts_of_points_and_no_points_are_refused()
    {
        Refused("x and y of at least one point, found 3 values", () => ModeCoverage.Of(GaussianMixture.Grid, [1, 2, 3]));
        Refused("found 0 values", () => ModeCoverage.Of(GaussianMixture.Grid, []));
    }

    [Fact]
    public void Stacked_digits_are_counted_by_the_class_of_each_channel()
    {
        using DigitClassifier classifier = new(new ModuleOptions(new RandomStream(1), Cpu));
        ImageDataset stacked = StackedDigits.Of(Digits.Draw(50, seed: 2), 130, new RandomStream(3));
        float[] images = stacked.ToFloats();
        StackedModes modes = new(classifier);
        modes.Add(images.AsSpan(0, 30 * 2352));
        modes.Add(images.AsSpan(30 * 2352));

        int[] expected = new int[1000];
        for (int i = 0; i < 130; i++)
        {
            int mode = 0;
            for (int channel = 0; channel < 3; channel++)
            {
                float[] grey = [.. Enumerable.Range(0, 784).Select(p => images[(((i * 784) + p) * 3) + channel])];
                float[] probabilities = classifier.Probabilities(grey);
                mode = (10 * mode) + Array.IndexOf(probabilities, probabilities.Max());
            }

            expected[mode]++;
        }

        Assert.Equal(expected, modes.Counts);
        Assert.Equal((130, expected.Count(count => count > 0)), (modes.Total, modes.Covered));
        double divergence = expected.Where(count => count > 0).Sum(count => count / 130.0 * Math.Log(1000 * count / 130.0));
        Assert.Equal(divergence, modes.Divergence, 1e-12);
        Refused("images of 2352 values each, found 784", () => modes.Add(new float[784]));
    }
}
