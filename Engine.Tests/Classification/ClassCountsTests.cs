using Engine.Models.Classification;

namespace Engine.Tests.Classification;

public sealed class ClassCountsTests
{
    [Fact]
    public void Samples_count_for_their_most_probable_class_in_any_number_of_batches()
    {
        float[] probabilities = [0.7f, 0.2f, 0.1f, 0, 0.1f, 0.9f, 0.5f, 0.3f, 0.2f, 0.25f, 0.25f, 0.5f];
        ClassCounts once = new(3), twice = new(3);
        once.Add(probabilities);
        twice.Add(probabilities.AsSpan(0, 3));
        twice.Add(probabilities.AsSpan(3));
        Assert.Equal([2, 0, 2], once.Counts);
        Assert.Equal(once.Counts, twice.Counts);
        Assert.Equal(4, once.Total);
        Assert.Equal((0.7 + 0.9 + 0.5 + 0.5) / 4, once.MeanConfidence, 1e-6);
        Assert.Equal(once.MeanConfidence, twice.MeanConfidence);
    }

    [Fact]
    public void A_class_that_is_rarer_than_it_should_be_is_missing()
    {
        ClassCounts counts = new(4);
        AddSamples(counts, 50, 4, 45, 1);
        Assert.Equal([1, 3], counts.Missing(0.05));
        Assert.Equal([3], counts.Missing(0.02));
        Assert.Empty(counts.Missing(0.01));
        Assert.Equal(0.01, counts.SmallestShare);
        Assert.Equal(0.45, counts.Share(2));
    }

    [Fact]
    public void Of_several_equally_probable_classes_the_first_counts()
    {
        ClassCounts counts = new(2);
        counts.Add([0.5f, 0.5f]);
        Assert.Equal([1, 0], counts.Counts);
    }

    [Fact]
    public void Before_the_first_sample_all_shares_are_zero()
    {
        ClassCounts counts = new(2);
        Assert.Equal(0, counts.Share(1));
        Assert.Equal(0, counts.SmallestShare);
        Assert.Equal(0, counts.MeanConfidence);
        Assert.Equal([0, 1], counts.Missing(0.05));
    }

    [Fact]
    public void The_line_has_every_share()
    {
        ClassCounts counts = new(2);
        AddSamples(counts, 1, 3);
        Assert.Equal("0: 25.0 %  1: 75.0 %  (mean confidence 1.000, 4 samples)", counts.ToString());
    }

    [Fact]
    public void What_is_no_row_of_probabilities_is_refused()
    {
        ClassCounts counts = new(3);
        RefusedExactly("Expected 3 probabilities for each sample, found 4 in all.", () => counts.Add(new float[4]));
        RefusedExactly("Expected probabilities from 0 to 1, found NaN.", () => counts.Add([0, float.NaN, 0]));
        Assert.Throws<ArgumentException>(() => counts.Add([0, 2, 0]));
        Assert.Equal(0, counts.Total);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClassCounts(0));
    }

    // A number of samples of each class, each of them certain.
    private static void AddSamples(ClassCounts counts, params ReadOnlySpan<int> numbers)
    {
        for (int c = 0; c < numbers.Length; c++)
        {
            float[] row = new float[numbers.Length];
            row[c] = 1;
            for (int i = 0; i < numbers[c]; i++) counts.Add(row);
        }
    }
}
