using StbImageSharp;

namespace Engine.Tests.Imaging;

public sealed class PictureTests : IsolatedTests
{
    [Theory, Rows("1 1 1, 17 5 1, 1 9 3, 64 33 3")]
    public void A_picture_comes_back_from_its_file(int width, int height, int channels)
    {
        Picture picture = new(width, height, channels);
        new Random(1).NextBytes(picture.Pixels);
        byte[] file = picture.ToPng();
        ImageResult found = ImageResult.FromMemory(file);
        Assert.Equal((width, height, channels), (found.Width, found.Height, (int)found.Comp));
        Assert.Equal(picture.Pixels.ToArray(), found.Data);
        Assert.Equal(file, picture.ToPng());
    }

    [Fact]
    public void A_rectangle_is_cut_off_at_the_edges_and_grey_takes_the_luminance()
    {
        Picture picture = new(2, 2, 3);
        picture.Fill(1, -5, 9, 6, new Rgb(1, 2, 3));
        Assert.Equal([0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0], picture.Pixels.ToArray());
        Picture grey = new(1, 1, 1);
        grey.Fill(0, 0, 1, 1, new Rgb(255, 0, 0));
        Assert.Equal([76], grey.Pixels.ToArray());
    }

    [Fact]
    public void A_file_is_replaced_and_nothing_else_is_left_in_the_folder()
    {
        string path = Folder["deep/er/x.png"];
        new Picture(2, 2, 1).Save(path);
        new Picture(3, 3, 3).Save(path);

        Assert.Equal(3, ImageResult.FromMemory(File.ReadAllBytes(path)).Width);
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        string path = Path.Combine(Folder.Put("file", [1]), "x.png");
        RefusedWith<IOException>($"{path} cannot be written: ", () => new Picture(1, 1, 1).Save(path));
        RefusedWith<IOException>($"{path} cannot be written: ", () => new Chart().Save(path));

        Directory.CreateDirectory(Folder["taken.png"]);
        Assert.Throws<IOException>(() => new Picture(1, 1, 1).Save(Folder["taken.png"]));
        Assert.Equal([Folder["file"]], Directory.GetFiles(Folder.Path));
    }

    [Fact]
    public void Shapes_and_names_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Picture(0, 1, 1));
        Assert.Throws<ArgumentException>(() => new Picture(1, 1, 4));
        OutputFolder folder = new(Folder.Path);
        RefusedExactly("Expected a name that ends in .png, found 'x.svg'.", () => folder.Save("x.svg", new Picture(1, 1, 1)));
        RefusedExactly("Expected a name that ends in .svg, found 'x.png'.", () => folder.Save("x.png", new Chart()));
    }
}
