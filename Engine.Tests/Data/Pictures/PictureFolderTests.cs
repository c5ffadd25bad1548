using Engine.Models.Data.Pictures;

namespace Engine.Tests.Data.Pictures;

public sealed class PictureFolderTests : IsolatedTests
{
    [Fact]
    public void Sub_folders_are_classes_and_every_picture_is_in_one_split()
    {
        for (int i = 0; i < 30; i++)
            Folder.Put($"all/{(i % 2 == 0 ? "cats" : "dogs")}/{i}.png", TestPictures.Plain(8, 6, (byte)(i * 8), 0, 0));
        ImageDataset train = Load("all"), test = Load("all", split: "test");
        Assert.Equal((32, 32, 3, 2, "all (train)"), (train.Height, train.Width, train.Channels, train.Classes, train.Name));
        Assert.Equal(30, train.Count + test.Count);
        Assert.InRange(test.Count, 1, 10);
        int[] seen = [.. new[] { train, test }.SelectMany(data => Enumerable.Range(0, data.Count).Select(i => data.Image(i)[0] / 8))];
        Assert.Equal(Enumerable.Range(0, 30), seen.Order());
        Assert.All(Enumerable.Range(0, train.Count), i => Assert.Equal(train.Image(i)[0] / 8 % 2, train.Label(i)));
        Assert.Contains("Classes: 0 cats, 1 dogs.", _notices);

        // Another file moves none to the other split.
        Folder.Put("all/dogs/more.png", TestPictures.Plain(8, 6, 255, 0, 0));
        Assert.Equal(31, Load("all").Count + Load("all", split: "test").Count);
        Assert.InRange(Load("all", split: "test").Count, test.Count, test.Count + 1);
    }

    [Fact]
    public void Folders_called_train_and_test_are_the_splits()
    {
        foreach (string name in (string[])["train/a/1", "train/b/2", "train/b/3", "test/a/4", "valid/b/5"])
            Folder.Put($"{name}.png", TestPictures.Plain(4, 4, 9, 9, 9));
        Assert.Equal((3, 2, 1), (Load().Count, Load().Classes, Load(split: "test").Count));
        Assert.True(Datasets.HasSplit(Folder.Path, "valid"));
        Assert.Equal([1], Load(split: "valid").Labels.ToArray());
    }

    [Fact]
    public void Pictures_are_cropped_or_padded_to_a_square()
    {
        byte[] wide = new byte[12 * 4 * 3];
        for (int y = 0; y < 4; y++) wide.AsSpan(((y * 12) + 4) * 3, 12).Fill(200);
        Folder.Put("1.png", TestPictures.Encode("png", 12, 4, wide));
        Folder.Put("2.png", TestPictures.Encode("png", 12, 4, wide));
        Assert.All(Load(size: 2).Pixels.ToArray(), level => Assert.Equal(200, level));
        byte[] padded = Load(size: 6, fit: PictureFit.Pad, channels: 1).Pixels.ToArray();
        Assert.Equal(
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 200, 0, 0, 0, 0, 200, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], padded);
    }

    [Fact]
    public void What_cannot_be_used_is_left_out_and_named_and_strict_refuses_it()
    {
        byte[] good = TestPictures.Encode("jpg", 20, 20, TestPictures.Pixels(20, 20));
        for (int i = 0; i < 6; i++) Folder.Put($"good{i}.jpg", good);
        Folder.Put("cut.jpg", good[..(good.Length / 2)]);
        Folder.Put("dot.png", TestPictures.Plain(1, 1, 9, 9, 9));
        Folder.Put("text.png", "A text."u8.ToArray());
        Folder.Put("deep.png", TestPictures.Png(9, 9, 16, 0, [200, 3]));
        Folder.Put("print.jpg", TestPictures.CmykJpeg);
        Folder.Put("new.webp", TestPictures.WebP);
        Folder.Put("notes.txt", "Not looked at."u8.ToArray());
        int used = Load().Count + Load(split: "test").Count;
        Assert.Equal(8, used);
        string all = string.Join('\n', _notices);
        foreach (string sentence in (string[])["cut.jpg is cut short", "dot.png has 1 x 1 pixels, too few for 32 x 32",
            "text.png is no PNG, JPEG, BMP, GIF or TGA file", "deep.png has 16 bits", "print.jpg is CMYK",
            "formats that are not read: new.webp"])
            Assert.Contains(sentence, all, StringComparison.Ordinal);
        Assert.DoesNotContain("notes.txt", all);
        Refused<DataException>("expected pictures that can all be used, found", () =>
        {
            Load(strict: true);
            Load(split: "test", strict: true);
        });
    }

    [Fact]
    public void Folders_without_pictures_to_train_and_test_on_say_so()
    {
        Folder.Put("web/new.webp", TestPictures.WebP);
        Refused<DataException>("expected PNG, JPEG, BMP, GIF or TGA files, found new.webp: convert them to PNG", () => Load("web"));
        Folder.Put("bad/1.png", [1, 2, 3]);
        Folder.Put("bad/2.png", [1, 2, 3]);
        Refused<DataException>("found none in train that can be used: ", () => Load("bad"));
        Folder.Put("one/1.png", TestPictures.Plain(4, 4, 1, 1, 1));
        Refused<DataException>("expected at least 2 pictures, one of them to test on, found 1", () => Load("one"));
        Folder.Put("text/readme.txt", [65]);
        Refused<DataException>("expected pictures (PNG, JPEG, BMP, GIF or TGA files), or ", () => Load("text"));
        Refused<DataException>("bad (train): at most 0 images of 40000 x 40000 x 3 fit into one array, found ",
            () => Load("bad", size: 40_000));
    }

    [Fact]
    public void Decoded_pictures_are_kept_and_a_damaged_cache_is_not_read()
    {
        for (int i = 0; i < 4; i++) Folder.Put($"p/{i}.png", TestPictures.Plain(4, 4, (byte)(i * 9), 0, 0));
        Folder.Put("p/bad.png", [1, 2, 3]);
        PictureList list = PictureList.Of(Folder["p"])!;
        ImageDataset first = PictureFolder.Load(Folder["p"], list, Options(), leastCached: 0);
        string kept = Assert.Single(Directory.GetFiles(Folder["cache/pictures"]));

        // A picture that is gone shows where the second set came from.
        foreach (string file in Directory.GetFiles(Folder["p"]))
        {
            DateTime time = File.GetLastWriteTimeUtc(file);
            byte[] content = File.ReadAllBytes(file);
            content[^1] ^= 255;
            File.WriteAllBytes(file, content);
            File.SetLastWriteTimeUtc(file, time);
        }

        Assert.Equal(first.Pixels, PictureFolder.Load(Folder["p"], list, Options(), leastCached: 0).Pixels);
        byte[] cache = File.ReadAllBytes(kept);
        cache[cache.Length / 2] ^= 1;
        File.WriteAllBytes(kept, cache);
        Refused<DataException>("that can be used", () => PictureFolder.Load(Folder["p"], list, Options(), leastCached: 0));
    }

    private readonly List<string> _notices = [];

    private DataOptions Options(string split = "train") => new() {
        Root = Folder["root"], CacheFolder = Folder["cache"], Download = false, Split = split, Notices = new Log(_notices) };

    private ImageDataset Load(
        string folder = "", string split = "train", int? size = null, int? channels = null, PictureFit fit = PictureFit.Crop,
        bool strict = false) => Datasets.Load(
            Folder[folder], Options(split) with { Size = size, Channels = channels, Fit = fit, Strict = strict });

    private sealed class Log(List<string> lines) : IProgress<string>
    {
        public void Report(string value) => lines.Add(value);
    }
}
