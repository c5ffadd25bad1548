namespace Engine.Tests.Imaging;

public sealed class ImageGridTests
{
    [Fact]
    public void Images_lie_row_by_row_with_padding_and_magnified()
    {
        byte[] images = [10, 20, 30, 40, 50, 60];
        Picture picture = new ImageGrid { Columns = 2, Padding = 1, Magnification = 2, Background = Rgb.White }.Draw(images, 1, 2);

        Assert.Equal((11, 7, 1), (picture.Width, picture.Height, picture.Channels));
        byte[] between = [.. Enumerable.Repeat((byte)255, 11)];
        Assert.Equal(between, picture.Row(0).ToArray());
        Assert.Equal([255, 10, 10, 20, 20, 255, 30, 30, 40, 40, 255], picture.Row(1).ToArray());
        Assert.Equal(picture.Row(1).ToArray(), picture.Row(2).ToArray());
        Assert.Equal(between, picture.Row(3).ToArray());
        Assert.Equal([255, 50, 50, 60, 60, 255, 255, 255, 255, 255, 255], picture.Row(4).ToArray());
    }

    [Fact]
    public void Floats_map_from_black_to_white_and_are_cut_off_outside()
    {
        float[] values = [-2, -1, 0, 1, 2, float.NaN];
        var grid = new ImageGrid { Columns = 6, Padding = 0, Magnification = 1 };
        Assert.Equal([0, 0, 128, 255, 255, 0], grid.Draw(values, 1, 1).Pixels.ToArray());

        var unit = new ImageGrid { Columns = 6, Padding = 0, Magnification = 1, Black = 0 };
        Assert.Equal([0, 0, 0, 255, 255, 0], unit.Draw(values, 1, 1).Pixels.ToArray());
    }

    [Fact]
    public void A_grid_is_about_square_unless_told() =>
        Assert.Equal((4 * 58 + 2, 3 * 58 + 2),
            (new ImageGrid().Draw(new byte[12 * 784], 28, 28).Width, new ImageGrid().Draw(new byte[12 * 784], 28, 28).Height));

    [Fact]
    public void Colour_images_keep_their_channels()
    {
        Picture picture = new ImageGrid { Padding = 0, Magnification = 1 }.Draw([1, 2, 3, 4, 5, 6], 1, 2, 3);
        Assert.Equal([1, 2, 3, 4, 5, 6], picture.Pixels.ToArray());
    }

    [Fact]
    public void A_data_set_can_be_shown_from_any_image_on()
    {
        ImageDataset data = Digits.Draw(10);
        Picture picture = new ImageGrid { Padding = 0, Magnification = 1 }.Draw(data, 1, first: 9);
        Assert.Equal(data.Image(9).ToArray(), picture.Pixels.ToArray());
        RefusedExactly("digits has 10 images: 2 from image 9 on are not there.", () => new ImageGrid().Draw(data, 2, first: 9));
    }

    [Fact]
    public void What_cannot_be_drawn_is_refused()
    {
        Refused("A whole number of images of 4 values (2 x 2 x 1) was expected, found 5 values.",
            () => new ImageGrid().Draw(new float[5], 2, 2));
        Refused("was 0", () => new ImageGrid { Magnification = 0 }.Draw(new byte[4], 2, 2));
        Refused("White must lie above black", () => new ImageGrid { White = -1 }.Draw(new float[4], 2, 2));
    }
}
