using Engine.Models.Data;

namespace Engine.Tests.Data;

public sealed class SmallerImagesTests
{
    [Fact]
    public void A_pixel_is_the_mean_of_its_square()
    {
        byte[] pixels = new byte[2 * 16];
        pixels[0] = 255;
        pixels[16 + 15] = 100;
        pixels[16 + 14] = 101;
        ImageDataset small = SmallerImages.Of(new ImageDataset("two", 4, 4, 1, pixels, [1, 0], 2), 2);
        Assert.Equal([64, 0, 0, 0, 0, 0, 0, 50], small.Pixels.ToArray());
        Assert.Equal([1, 0], small.Labels.ToArray());
    }

    [Fact]
    public void A_size_that_does_not_divide_is_refused()
    {
        ImageDataset data = new("one", 6, 6, 1, new byte[36]);
        Assert.Same(data, SmallerImages.Of(data, 6));
        Assert.Contains("cannot be averaged to 4 x 4", Assert.Throws<DataException>(() => SmallerImages.Of(data, 4)).Message);
    }
}
