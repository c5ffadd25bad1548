using Engine.Models.Metrics;

namespace Engine.Tests.Metrics;

public sealed class NeighborhoodMetricsTests
{
    private const int Length = 3;

    [Theory, Values(1, 3)]
    public void Precision_recall_density_and_coverage_are_those_of_the_papers(int k)
    {
        (double[][] data, double[][] generated) = (Points(40, seed: 1, scale: 1), Points(30, seed: 2, scale: 1.6));
        PrecisionRecall found = PrecisionRecall.Of(Flat(data), Flat(generated), Length, k);
        double[] ofData = Radii(data, k), ofGenerated = Radii(generated, k);
        Assert.Equal(generated.Average(y => Any(data, (x, i) => Distance(x, y) <= ofData[i])), found.Precision, 1e-12);
        Assert.Equal(data.Average(x => Any(generated, (y, i) => Distance(x, y) <= ofGenerated[i])), found.Recall, 1e-12);
        Assert.InRange(found.Precision, 0.05, 0.999);
        if (k == 1) Assert.InRange(found.Recall, 0.05, 0.999);

        DensityCoverage dense = DensityCoverage.Of(Flat(data), Flat(generated), Length, k);
        double inside = data.Select((x, i) => generated.Count(y => Distance(x, y) < ofData[i])).Sum();
        Assert.Equal(inside / (k * 30.0), dense.Density, 1e-12);
        Assert.Equal(data.Select((x, i) => generated.Any(y => Distance(x, y) < ofData[i]) ? 1.0 : 0).Average(), dense.Coverage, 1e-12);
    }

    [Fact]
    public void Samples_in_one_place_are_precise_and_recall_nothing()
    {
        double[][] data = Points(100, seed: 3, scale: 1);
        float[] one = Flat([.. Enumerable.Repeat(data[0], 50)]);
        PrecisionRecall found = PrecisionRecall.Of(Flat(data), one, Length);
        Assert.Equal(1, found.Precision);
        Assert.InRange(found.Recall, 0, 0.02);
        DensityCoverage dense = DensityCoverage.Of(Flat(data), one, Length);
        Assert.True(dense.Density > 1);
        Assert.InRange(dense.Coverage, 0, 0.2);
    }

    [Fact]
    public void Samples_of_the_data_have_density_and_coverage_near_1()
    {
        DensityCoverage dense = DensityCoverage.Of(Flat(Points(400, 4, 1)), Flat(Points(400, 5, 1)), Length);
        Assert.Equal(1, dense.Density, 0.15);

        // 1 - (N - 1) ... (N - k) / ((2 N - 1) ... (2 N - k)), about 1 - 1 / 2^k: section 3.3 of the paper
        Assert.Equal(1 - Math.Pow(0.5, 5), dense.Coverage, 0.03);
    }

    [Fact]
    public void Too_few_vectors_and_parts_of_vectors_are_refused()
    {
        float[] four = new float[12];
        Refused("PrecisionRecall: expected at least 5 vectors of 3 values each, found 12", () => PrecisionRecall.Of(four, four, 3, k: 4));
        Refused("DensityCoverage: expected at least 1 vectors of 3 values each, found 2 values",
            () => DensityCoverage.Of(four, [1, 2], 3, k: 2));
    }

    [Fact]
    public void Variety_is_the_share_of_samples_that_are_nearer_than_the_nearest_of_the_data()
    {
        float[] data = Flat(Points(60, seed: 6, scale: 1)), others = Flat(Points(60, seed: 7, scale: 1));
        Assert.InRange(SampleVariety.RepeatedShare(others, data, Length), 0, 0.2);
        Assert.Equal(1, SampleVariety.RepeatedShare([1, 2, 3, 1, 2, 3], data, Length));

        // Near pairs of points that are far apart, as a generator makes that has collapsed to some of them
        float[] pairs = [.. others.Take(90).Concat(others.Take(90).Select(x => x + 1e-4f))];
        Assert.Equal(1, SampleVariety.RepeatedShare(pairs, data, Length));
        Refused("at least two samples of 3 values, and as many of the data, found 6 and 3",
            () => SampleVariety.RepeatedShare(new float[6], new float[3], 3));
    }

    private static double[][] Points(int count, int seed, double scale)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(
            _ => Enumerable.Range(0, Length).Select(_ => (double)(float)(scale * random.NextDouble())).ToArray())];
    }

    private static double[] Radii(double[][] points, int k) =>
        [.. points.Select((x, i) => points.Where((_, j) => j != i).Select(y => Distance(x, y)).Order().ElementAt(k - 1))];

    private static double Any(double[][] points, Func<double[], int, bool> holds) =>
        points.Select(holds).Any(one => one) ? 1 : 0;

    private static double Distance(double[] x, double[] y) => Math.Sqrt(x.Zip(y, (a, b) => (a - b) * (a - b)).Sum());

    private static float[] Flat(double[][] points) => [.. points.SelectMany(point => point.Select(value => (float)value))];
}
