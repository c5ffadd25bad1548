namespace Engine.Models.Data;

/// <summary>A data set that others publish: its files, and the mirrors they come from.</summary>
internal sealed record PublishedDataset(string Name, Uri[] Mirrors, PublishedDataset.Part[] Parts)
{
    /// <summary>One split: its images and, where it has them, its labels.</summary>
    public sealed record Part(string Split, DataFile Images, DataFile? Labels)
    {
        public IEnumerable<DataFile> Files => Labels is null ? [Images] : [Images, Labels];
    }

    // Lengths and SHA-256 of the files that agree with the checksums published by LeCun, Cortes and Burges.
    private static readonly PublishedDataset s_mnist = new(
        "mnist",
        [new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/"), new Uri("https://storage.googleapis.com/cvdf-datasets/mnist/")],
        [
            new Part(
                "train",
                DataFile.OfIdx("train-images", "idx3-ubyte", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                DataFile.OfIdx("train-labels", "idx1-ubyte", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c")),
            new Part(
                "test",
                DataFile.OfIdx("t10k-images", "idx3-ubyte", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                DataFile.OfIdx("t10k-labels", "idx1-ubyte", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")),
        ]);

    // Xiao, Rasul and Vollgraf (2017) publish MD5 sums. The SHA-256 of the images are not known for certain, so none is written here;
    // the IDX header and the CRC-32 of gzip are checked as for every file.
    private static readonly PublishedDataset s_fashion = new(
        "fashion-mnist",
        [
            new Uri("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
            new Uri("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
                + "b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/"),
        ],
        [
            new Part(
                "train",
                DataFile.OfIdx("train-images", "idx3-ubyte", null, null, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
                DataFile.OfIdx("train-labels", "idx1-ubyte", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845")),
            new Part(
                "test",
                DataFile.OfIdx("t10k-images", "idx3-ubyte", null, null, "bef4ecab320f06d8554ea6380940ec79"),
                DataFile.OfIdx("t10k-labels", "idx1-ubyte", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")),
        ]);

    // The fixed binarisation of Larochelle and Murray (2011), as text; it has no labels.
    private static readonly PublishedDataset s_binarized = new(
        "binarized-mnist",
        [
            new Uri("http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/"),
            new Uri("https://raw.githubusercontent.com/riannevdberg/sylvester-flows/"
                + "32dde9b7d696fee94f946a338182e542779eecfe/data/MNIST_static/"),
        ],
        [
            new Part("train", Binarized("train", 78400000, "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d"), null),
            new Part("valid", Binarized("valid", 15680000, "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2"), null),
            new Part("test", Binarized("test", 15680000, "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c"), null),
        ]);

    // Krizhevsky (2009) publishes MD5 sums of the archives, which are read as they are.
    private static readonly PublishedDataset s_cifar10 = OfCifar(
        "cifar-10", "c32a1d4ab5d03f1284b67883e8d87530", train: "data_batch_1.bin", test: "test_batch.bin");
    private static readonly PublishedDataset s_cifar100 = OfCifar(
        "cifar-100", "03b5dce01913d631647c71ecec9e9cb8", train: "train.bin", test: "test.bin");

    public static PublishedDataset[] All { get; } = [s_mnist, s_fashion, s_binarized, s_cifar10, s_cifar100];

    /// <summary>The part of a split.</summary>
    /// <exception cref="DataException">There is no such split.</exception>
    public Part Of(string split) =>
        Array.Find(Parts, p => p.Split == split)
        ?? throw new DataException($"{Name} has no split '{split}'; it has {string.Join(", ", Parts.Select(p => p.Split))}.");

    private static PublishedDataset OfCifar(string name, string md5, string train, string test)
    {
        return new PublishedDataset(
            name, [new Uri("https://www.cs.toronto.edu/~kriz/")],
            [new Part("train", File(train), null), new Part("test", File(test), null)]);

        DataFile File(string unpacked) => new($"{name}-binary.tar.gz", [unpacked], null, null, md5);
    }

    private static DataFile Binarized(string split, long bytes, string sha256)
    {
        string idx = $"binarized_mnist_{split}-images-idx3-ubyte";
        return new DataFile($"binarized_mnist_{split}.amat", [$"{idx}.gz", idx, $"binarized_mnist_{split}.amat.gz"], bytes, sha256);
    }
}

/// <summary>A published file: its name at the mirrors and what is known of its content.</summary>
/// <param name="Name">Name at the mirrors and in the cache.</param>
/// <param name="AlsoCalled">Other names under which the same content is accepted in a folder.</param>
/// <param name="Bytes">Length, or null when it is not known for certain.</param>
/// <param name="Sha256">SHA-256 in lower-case hexadecimal digits, or null when it is not known for certain.</param>
/// <param name="Md5">MD5, where that is the checksum its authors publish; it guards against accidents, not against forgery.</param>
internal sealed record DataFile(string Name, string[] AlsoCalled, long? Bytes, string? Sha256, string? Md5 = null)
{
    /// <summary>
    /// An IDX file as the MNIST family names them: packed or not, and with the dot that some archives put in place of the second dash.
    /// </summary>
    public static DataFile OfIdx(string stem, string kind, long? bytes, string? sha256, string? md5 = null) =>
        new($"{stem}-{kind}.gz", [$"{stem}-{kind}", $"{stem}.{kind}", $"{stem}.{kind}.gz"], bytes, sha256, md5);

    /// <summary>All names under which the content is accepted.</summary>
    public IEnumerable<string> Names => [Name, .. AlsoCalled];

    /// <summary>The path of this file in a folder, under whichever of its names it lies there; null when it does not.</summary>
    public string? In(string folder)
    {
        foreach (string name in Names)
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path)) return path;
        }

        return null;
    }
}
