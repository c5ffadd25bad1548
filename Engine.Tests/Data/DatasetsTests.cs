namespace Engine.Tests.Data;

public sealed class DatasetsTests : IsolatedTests
{
    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        string message = Assert.Throws<DataException>(() => Datasets.Load("cifar", Offline())).Message;
        Assert.Contains(
            "There is no data set 'cifar': known are digits, shapes, mnist, fashion-mnist, binarized-mnist, cifar-10, cifar-100, "
            + "and", message);
        Assert.Contains("is neither a folder nor a file", message);
    }

    [Theory]
    [InlineData("digits", "digits has no split 'valid'; it has train, test.")]
    [InlineData("mnist", "mnist has no split 'valid'; it has train, test.")]
    public void An_unknown_split_lists_the_known_ones(string name, string message) =>
        RefusedExactly<DataException>(message, () => Datasets.Load(name, Offline() with { Split = "valid" }));

    [Fact]
    public void Digits_of_train_and_test_differ()
    {
        ImageDataset train = Datasets.Load("digits", new DataOptions { Count = 50, Seed = 3 });
        ImageDataset test = Datasets.Load("digits", new DataOptions { Count = 50, Seed = 3, Split = "test" });

        Assert.Equal(("digits (train)", 50), (train.Name, train.Count));
        Assert.False(train.Pixels.SequenceEqual(test.Pixels));
    }

    [Fact]
    public void A_folder_is_loaded_by_its_path()
    {
        Folder.PutMnist("mine");
        ImageDataset data = Datasets.Load(Folder["mine"], Offline() with { Count = 7 });

        Assert.Equal(("mine (train)", 7), (data.Name, data.Count));
        Assert.Equal(TestFolder.Pixels(7), data.Pixels.ToArray());
        Assert.Equal(6, data.Label(6));
    }

    [Fact]
    public void A_file_is_loaded_by_its_path_with_the_labels_beside_it()
    {
        Folder.PutMnist("mine");
        Assert.Equal(9, Datasets.Load(Folder["mine/train-images-idx3-ubyte.gz"], Offline()).Label(9));
    }

    [Theory]
    [InlineData("train-images-idx3-ubyte", "train-labels-idx1-ubyte")]
    [InlineData("train-images.idx3-ubyte", "train-labels.idx1-ubyte")]
    public void Unpacked_files_and_names_with_a_dot_are_found(string images, string labels)
    {
        Folder.Put(images, TestFolder.Idx(TestFolder.Pixels(2), 2, 28, 28));
        Folder.Put(labels, TestFolder.Idx([3, 4], 2));
        Assert.Equal([3, 4], Datasets.Load(Folder.Path, Offline()).Labels.ToArray());
    }

    [Fact]
    public void An_empty_folder_says_what_was_looked_for()
    {
        string message = Assert.Throws<DataException>(() => Datasets.Load(Folder.Path, Offline())).Message;
        Assert.StartsWith(
            $"{Folder.Path}: expected pictures (PNG, JPEG, BMP, GIF or TGA files), or train-images-idx3-ubyte.gz (or "
            + "train-images-idx3-ubyte, ", message);
        Assert.Contains("train-labels-idx1-ubyte.gz", message);
        Assert.Contains("binarized_mnist_train.amat", message);
        Assert.EndsWith("found an empty folder.", message);
    }

    [Fact]
    public void A_folder_with_images_but_no_labels_says_which_file_is_missing()
    {
        Folder.PutMnist("mine");
        File.Delete(Folder["mine/train-labels-idx1-ubyte.gz"]);
        string message = Assert.Throws<DataException>(() => Datasets.Load(Folder["mine"], Offline())).Message;
        Assert.StartsWith($"{Folder["mine"]}: expected train-labels-idx1-ubyte.gz or train-labels-idx1-ubyte", message);
        Assert.EndsWith("beside train-images-idx3-ubyte.gz, found no such file.", message);
    }

    [Theory]
    [InlineData("mnist", "root/mnist")]
    [InlineData("mnist", "root")]
    [InlineData("mnist", "cache/mnist")]
    [InlineData("fashion-mnist", "root/fashion-mnist")]
    [InlineData("fashion-mnist", "root/fashion_mnist")]
    public void A_name_is_found_in_the_root_and_in_the_cache(string name, string folder)
    {
        if (folder.StartsWith("cache", StringComparison.Ordinal))
        {
            // Files of another length than published count as damaged in the cache; other names are the user's own.
            Folder.Put($"{folder}/train-images-idx3-ubyte", TestFolder.Idx(TestFolder.Pixels(20), 20, 28, 28));
            Folder.Put($"{folder}/train-labels-idx1-ubyte", TestFolder.Idx(TestFolder.LabelsOf(20), 20));
        }
        else
        {
            Folder.PutMnist(folder);
        }

        ImageDataset data = Datasets.Load(name, Offline());
        Assert.Equal(($"{name} (train)", 20), (data.Name, data.Count));
    }

    [Fact]
    public void Mnist_files_in_the_root_do_not_pass_for_fashion_mnist()
    {
        Folder.PutMnist("root");
        string message = Assert.Throws<DataException>(() => Datasets.Load("fashion-mnist", Offline())).Message;
        Assert.Contains("fashion-mnist (train) was not found and downloading is switched off. Looked for train-images-idx3-ubyte.gz",
            message);
        Assert.EndsWith($"in {Folder["root/fashion-mnist"]}, {Folder["root/fashion_mnist"]}, {Folder["cache/fashion-mnist"]}.".Replace(
            '/', Path.DirectorySeparatorChar), message);
    }

    [Fact]
    public void Binarized_mnist_is_read_from_text_and_has_no_labels()
    {
        string[] lines = [.. Enumerable.Range(0, 3)
            .Select(i => string.Join(' ', Enumerable.Range(0, 784).Select(p => p % (i + 2) == 0 ? 1 : 0)))];
        Folder.Put("root/binarized_mnist/binarized_mnist_valid.amat",
            System.Text.Encoding.ASCII.GetBytes(string.Join('\n', lines) + "\n"));
        ImageDataset data = Datasets.Load("binarized-mnist", Offline() with { Split = "valid" });

        Assert.Equal((3, 28, 28, false, -1), (data.Count, data.Height, data.Width, data.IsLabelled, data.Label(2)));
        Assert.Equal([255, 0, 0, 255], data.Image(1)[..4].ToArray());
    }

    [Theory]
    [InlineData("0 1 0\n", "expected 784 values in line 1, found 3.")]
    [InlineData("0 2 0\n", "expected 0, 1 and blanks, found byte 0x32 in line 1 (byte 2).")]
    [InlineData("0 10 0\n", "expected 0, 1 and blanks, found byte 0x30 in line 1 (byte 3).")]
    [InlineData("\n", "expected at least 1 image, found none.")]
    public void Binarized_mnist_text_that_is_damaged_is_refused(string text, string message)
    {
        Folder.Put("root/binarized_mnist_train.amat", System.Text.Encoding.ASCII.GetBytes(text));
        Assert.EndsWith(message, Assert.Throws<DataException>(() => Datasets.Load("binarized-mnist", Offline())).Message);
    }

    [SkippableTheory]
    [InlineData("mnist", "train", 60000, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db")]
    [InlineData("mnist", "test", 10000, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7")]
    [InlineData("binarized-mnist", "valid", 10000, "3674963962249f9e6c98688a82838893fd1317fafef7db687e2f7617c68c34f0")]
    public void Published_files_are_read_byte_for_byte(string name, string split, int count, string sha256)
    {
        var options = new DataOptions { Split = split, Download = false };
        Skip.If(string.IsNullOrEmpty(options.Root), "ENGINE_DATA names no folder with the published files.");
        ImageDataset? data = null;
        try
        {
            data = Datasets.Load(name, options);
        }
        catch (DataException e) when (e.Message.Contains("was not found", StringComparison.Ordinal))
        {
            Skip.If(true, e.Message);
        }

        byte[] file = TestFolder.Idx(data!.Pixels.ToArray(), count, 28, 28);
        Assert.Equal(sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file)));
        if (name == "mnist" && split == "test") Assert.Equal([7, 2, 1, 0, 4, 1, 4, 9, 5, 9], data.Labels[..10].ToArray());
    }

    private DataOptions Offline() => new() { Root = Folder["root"], CacheFolder = Folder["cache"], Download = false };
}
