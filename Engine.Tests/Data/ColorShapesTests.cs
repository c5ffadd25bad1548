namespace Engine.Tests.Data;

public sealed class ColorShapesTests
{
    [Fact]
    public void Every_run_of_ten_has_each_shape_and_a_shorter_set_begins_alike()
    {
        ImageDataset twenty = ColorShapes.Draw(20, seed: 3), eleven = ColorShapes.Draw(11, seed: 3);
        Assert.Equal((32, 32, 3, 10, "shapes"), (twenty.Height, twenty.Width, twenty.Channels, twenty.Classes, twenty.Name));
        Assert.Equal(Enumerable.Range(0, 10), twenty.Labels[..10].ToArray().Order());
        Assert.Equal(Enumerable.Range(0, 10), twenty.Labels[10..].ToArray().Order());
        Assert.True(twenty.Pixels[..eleven.Pixels.Length].SequenceEqual(eleven.Pixels));
        Assert.False(ColorShapes.Draw(11, seed: 4).Pixels.SequenceEqual(eleven.Pixels));
    }

    [Fact]
    public void They_are_drawn_in_any_size_and_train_and_test_differ()
    {
        DataOptions options = new() { Count = 10, Seed = 2, Size = 64 };
        ImageDataset train = Datasets.Load("shapes", options), test = Datasets.Load("shapes", options with { Split = "test" });
        Assert.Equal(("shapes (train)", new ImageSize(64, 64, 3)), (train.Name, train.Size));
        Assert.False(train.Pixels.SequenceEqual(test.Pixels));
        Assert.Equal(new ImageSize(64, 64, 1), Datasets.Load("shapes", options with { Channels = 1 }).Size);
        Refused<DataException>("shapes: expected a size of at least 8 pixels, found 7", () => ColorShapes.Draw(1, size: 7));
        Refused<DataException>("shapes: expected a count from 1 to ", () => ColorShapes.Draw(0));
    }

    // Inside each outline near the origin or where the shape is, outside beyond its radius.
    [Theory]
    [InlineData(0, 0, 0, true)]
    [InlineData(1, 0, 0, false)]
    [InlineData(1, 0.8, 0, true)]
    [InlineData(2, 0.8, 0.8, true)]
    [InlineData(3, 0.8, 0.8, false)]
    [InlineData(3, 0, 0.9, true)]
    [InlineData(4, 0.6, 0.6, false)]
    [InlineData(5, 0, 0.9, true)]
    [InlineData(5, 0.5, 0.6, false)]
    [InlineData(6, 0.9, 0.1, true)]
    [InlineData(6, 0.6, 0.6, false)]
    [InlineData(7, 0, -0.6, false)]
    [InlineData(7, 0, 0.4, true)]
    [InlineData(8, 0.3, 0, false)]
    [InlineData(8, -0.8, 0, true)]
    [InlineData(9, 0, 0.2, true)]
    [InlineData(9, 0, 0.95, false)]
    public void Outlines_hold_what_they_show(int shape, double x, double y, bool isInside)
    {
        Assert.Equal(isInside, ShapeOutlines.Has(shape, x, y));
        Assert.False(ShapeOutlines.Has(shape, 1.2, 1.2));
    }
}
