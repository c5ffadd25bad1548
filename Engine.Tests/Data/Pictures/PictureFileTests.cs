using Engine.Models.Data.Pictures;

namespace Engine.Tests.Data.Pictures;

public sealed class PictureFileTests
{
    [Theory]
    [InlineData("png", 0)]
    [InlineData("bmp", 0)]
    [InlineData("tga", 0)]
    [InlineData("jpg", 12)]
    public void Formats_are_decoded_to_the_pixels_that_they_were_made_of(string format, int most)
    {
        byte[] pixels = TestPictures.Pixels(7, 5);
        DecodedPicture picture = Decoded(TestPictures.Encode(format, 7, 5, pixels));
        Assert.Equal((7, 5, 3, null), (picture.Width, picture.Height, picture.Channels, picture.Note));
        Assert.All(pixels.Zip(picture.Pixels), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, most));
    }

    [Fact]
    public void A_gif_is_decoded_and_grey_is_luminance()
    {
        Assert.Equal([0, 0, 255], Decoded(TestPictures.Gif).Pixels[..3]);
        Assert.Equal([29], PictureFile.Decode(TestPictures.Gif, 1).Picture!.Pixels[..1]);
    }

    [Fact]
    public void Sixteen_bits_and_cmyk_are_taken_and_named()
    {
        DecodedPicture deep = Decoded(TestPictures.Png(3, 2, 16, 2, [200, 77, 100, 1, 50, 255]));
        Assert.Equal([200, 100, 50], deep.Pixels[..3]);
        Assert.Contains("16 bits", deep.Note);
        DecodedPicture cmyk = Decoded(TestPictures.CmykJpeg);
        Assert.InRange(cmyk.Pixels[0], 250, 255);
        Assert.InRange(cmyk.Pixels[1], 0, 5);
        Assert.Contains("CMYK", cmyk.Note);
    }

    [Fact]
    public void What_is_transparent_is_laid_over_white()
    {
        Assert.Equal([255, 255, 255], Decoded(TestPictures.Png(2, 2, 8, 6, [10, 20, 30, 0])).Pixels[..3]);
        Assert.Equal([10, 20, 30], Decoded(TestPictures.Png(2, 2, 8, 6, [10, 20, 30, 255])).Pixels[..3]);
        Assert.Equal([155], PictureFile.Decode(TestPictures.Png(2, 2, 8, 4, [55, 128]), 1).Picture!.Pixels[..1]);
    }

    // The picture has a dark left half and a light right one, with a red corner: top left, as it lies in the file.
    [Theory]
    [InlineData(1, 16, 8, 0, 0)]
    [InlineData(2, 16, 8, 15, 0)]
    [InlineData(3, 16, 8, 15, 7)]
    [InlineData(4, 16, 8, 0, 7)]
    [InlineData(5, 8, 16, 0, 0)]
    [InlineData(6, 8, 16, 7, 0)]
    [InlineData(7, 8, 16, 7, 15)]
    [InlineData(8, 8, 16, 0, 15)]
    public void A_photograph_is_turned_upright(byte orientation, int width, int height, int x, int y)
    {
        byte[] pixels = new byte[16 * 8 * 3];
        for (int row = 0; row < 8; row++)
            for (int column = 0; column < 8; column++) pixels[((row * 16) + column) * 3] = (byte)(row < 4 && column < 4 ? 255 : 60);
        DecodedPicture picture = Decoded(TestPictures.Turned(TestPictures.Encode("jpg", 16, 8, pixels), orientation));
        Assert.Equal((width, height), (picture.Width, picture.Height));
        Assert.InRange(picture.Pixels[((y * width) + x) * 3], 230, 255);
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    [InlineData("bmp")]
    [InlineData("tga")]
    public void Files_that_are_cut_short_are_told(string format)
    {
        byte[] file = TestPictures.Encode(format, 40, 30, TestPictures.Pixels(40, 30));
        Assert.Equal("is cut short", PictureFile.Decode(file[..^1], 3).Fault);
        Assert.Equal("is cut short", PictureFile.Decode(file[..(file.Length / 2)], 3).Fault);
    }

    [Fact]
    public void Files_that_are_no_pictures_or_damaged_are_told()
    {
        Assert.Equal("is no PNG, JPEG, BMP, GIF or TGA file", PictureFile.Decode("This is a text, not a picture.\n"u8.ToArray(), 3).Fault);
        Assert.Equal("is WebP, which is not read", PictureFile.Decode(TestPictures.WebP, 3).Fault);
        byte[] damaged = TestPictures.Plain(9, 9, 1, 2, 3);
        damaged[45] ^= 1;
        Assert.Equal("is damaged (a checksum is wrong)", PictureFile.Decode(damaged, 3).Fault);
        byte[] large = TestPictures.Png(1, 1, 8, 2, [1, 2, 3]);
        using TestFolder folder = new();
        Assert.Equal("is empty", PictureFile.Decode(folder.Put("a.png", []), 3).Fault);
        Assert.StartsWith("cannot be read (", PictureFile.Decode(folder["none.png"], 3).Fault);
        Assert.Null(PictureFile.Decode(large, 3).Fault);
    }

    // A decoder of other people's formats: whatever it does with damaged bytes, it ends with a picture or a reason.
    [Fact]
    public void Damaged_bytes_neither_crash_nor_hang()
    {
        byte[][] files = [TestPictures.CmykJpeg, TestPictures.Gif, .. ((string[])["png", "jpg", "bmp", "tga"]).Select(
            format => TestPictures.Encode(format, 12, 9, TestPictures.Pixels(12, 9)))];
        Random random = new(5);
        for (int trial = 0; trial < 600; trial++)
        {
            byte[] file = [.. files[trial % files.Length]];
            for (int i = 0; i < 4; i++)
                file[random.Next(random.Next(2) == 0 ? Math.Min(40, file.Length) : file.Length)] = (byte)random.Next(256);
            (DecodedPicture? picture, string? fault) = PictureFile.Decode(file[..random.Next(file.Length / 2, file.Length + 1)], 3);
            Assert.True((picture is null) != (fault is null));
        }
    }

    private static DecodedPicture Decoded(byte[] file)
    {
        (DecodedPicture? picture, string? fault) = PictureFile.Decode(file, 3);
        Assert.Null(fault);
        return picture!;
    }
}
