using Engine.Models.Data;

namespace Engine.Tests.Data;

public sealed class ImageDatasetTests
{
    [Fact]
    public void Images_and_labels_come_back_by_index()
    {
        var data = new ImageDataset("toy", 1, 2, 3, [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16], [4, 0], 5);

        Assert.Equal(2, data.Count);
        Assert.Equal([11, 12, 13, 14, 15, 16], data.Image(1).ToArray());
        Assert.Equal(4, data.Label(0));
        Assert.Equal(5, data.Classes);
    }

    [Fact]
    public void Unlabelled_images_have_label_minus_one() => Assert.Equal(-1, new ImageDataset("toy", 1, 1, 1, [7]).Label(0));

    [Fact]
    public void Take_keeps_the_first_images_and_refuses_more_than_there_are()
    {
        var data = new ImageDataset("toy", 1, 1, 1, [7, 8, 9], [1, 2, 0], 3);

        Assert.Equal([7, 8], data.Take(2).Pixels.ToArray());
        Assert.Equal([1, 2], data.Take(2).Labels.ToArray());
        Assert.Equal("toy has 3 images: expected a count from 1 to 3, found 4.", Assert.Throws<DataException>(() => data.Take(4)).Message);
        Assert.Equal("toy has 3 images: expected a count from 1 to 3, found 4.",
            Assert.Throws<DataException>(() => data.Spread(4)).Message);
        Assert.Same(data, data.Spread(3));
        ImageDataset sorted = new("sorted", 1, 2, 1, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], [0, 1, 2, 3, 4, 5, 6], 7);
        Assert.Equal([0, 0, 2, 2, 4, 4], sorted.Spread(3).Pixels.ToArray());
        Assert.Equal([0, 2, 4], sorted.Spread(3).Labels.ToArray());
        Assert.Equal([9], data.Skip(2).Pixels.ToArray());
        Assert.Equal([0], data.Skip(2).Labels.ToArray());
        Assert.Equal("toy has 3 images: expected to skip 0 to 2, found 3.", Assert.Throws<DataException>(() => data.Skip(3)).Message);
    }

    [Fact]
    public void Shapes_and_labels_that_do_not_fit_are_refused()
    {
        Assert.Contains("a whole number of images of 4 bytes (2 x 2 x 1), found 5",
            Assert.Throws<DataException>(() => new ImageDataset("toy", 2, 2, 1, new byte[5])).Message);
        Assert.Contains("a label for each of 2 images, found 1",
            Assert.Throws<DataException>(() => new ImageDataset("toy", 1, 1, 1, [1, 2], [0], 3)).Message);
        Assert.Contains("labels from 0 to 2, found 3 for image 1",
            Assert.Throws<DataException>(() => new ImageDataset("toy", 1, 1, 1, [1, 2], [0, 3], 3)).Message);
        Assert.Contains("there is no image 1",
            Assert.Throws<ArgumentOutOfRangeException>(() => new ImageDataset("toy", 1, 1, 1, [1]).Label(1)).Message);
    }
}
