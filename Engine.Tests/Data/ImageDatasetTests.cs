using Engine.Models.Data.Pictures;

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
        RefusedExactly<DataException>("toy has 3 images: expected a count from 1 to 3, found 4.", () => data.Take(4));
        RefusedExactly<DataException>("toy has 3 images: expected a count from 1 to 3, found 4.", () => data.Spread(4));
        Assert.Same(data, data.Spread(3));
        ImageDataset sorted = new("sorted", 1, 2, 1, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], [0, 1, 2, 3, 4, 5, 6], 7);
        Assert.Equal([0, 0, 2, 2, 4, 4], sorted.Spread(3).Pixels.ToArray());
        Assert.Equal([0, 2, 4], sorted.Spread(3).Labels.ToArray());
        Assert.Equal([9], data.Skip(2).Pixels.ToArray());
        Assert.Equal([0], data.Skip(2).Labels.ToArray());
        RefusedExactly<DataException>("toy has 3 images: expected to skip 0 to 2, found 3.", () => data.Skip(3));
    }

    [Fact]
    public void Shapes_and_labels_that_do_not_fit_are_refused()
    {
        Refused<DataException>("a whole number of images of 4 bytes (2 x 2 x 1), found 5",
            () => new ImageDataset("toy", 2, 2, 1, new byte[5]));
        Refused<DataException>("a label for each of 2 images, found 1", () => new ImageDataset("toy", 1, 1, 1, [1, 2], [0], 3));
        Refused<DataException>("labels from 0 to 2, found 3 for image 1", () => new ImageDataset("toy", 1, 1, 1, [1, 2], [0, 3], 3));
        Refused<ArgumentOutOfRangeException>("there is no image 1", () => new ImageDataset("toy", 1, 1, 1, [1]).Label(1));
    }
}

public sealed class ResizedImagesTests
{
    [Fact]
    public void A_pixel_is_the_mean_of_its_square()
    {
        byte[] pixels = new byte[2 * 16];
        pixels[0] = 255;
        pixels[16 + 15] = 100;
        pixels[16 + 14] = 101;
        ImageDataset small = ResizedImages.Of(new ImageDataset("two", 4, 4, 1, pixels, [1, 0], 2), 2);
        Assert.Equal([64, 0, 0, 0, 0, 0, 0, 50], small.Pixels.ToArray());
        Assert.Equal([1, 0], small.Labels.ToArray());
    }

    [Fact]
    public void Images_of_the_size_stay_as_they_are_and_no_size_is_refused()
    {
        ImageDataset data = new("one", 6, 6, 1, new byte[36]);
        Assert.Same(data, ResizedImages.Of(data, 6));
        Refused<DataException>("one: expected a size of at least 1 pixel, found 0.", () => ResizedImages.Of(data, 0));
    }
}
