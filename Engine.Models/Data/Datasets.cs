using Engine.Models.Data.Pictures;

namespace Engine.Models.Data;

/// <summary>Loads image data sets by name or by path.</summary>
public static class Datasets
{
    /// <summary>The name of the digits that the engine draws itself.</summary>
    public const string DigitsName = "digits";

    /// <summary>The name of the colour images that the engine draws itself.</summary>
    public const string ShapesName = "shapes";
    private const int MnistSize = 28;

    /// <summary>The names that <see cref="Load"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [DigitsName, ShapesName, .. PublishedDataset.All.Select(d => d.Name)];

    /// <summary>Where the published sets are downloaded from, for <c>--help</c>.</summary>
    internal static string Sources { get; } =
        string.Join(", ", PublishedDataset.All.Select(set => $"{set.Name} from {set.Mirrors[0].Host}"));

    /// <summary>Loads a data set.</summary>
    /// <remarks>
    /// "digits" and "shapes" are drawn on the spot (<see cref="Digits"/>, <see cref="ColorShapes"/>). "mnist", "fashion-mnist",
    /// "binarized-mnist", "cifar-10" and "cifar-100" are looked for in <see cref="DataOptions.Root"/> (ENGINE_DATA): in its sub-folder
    /// named after the set, then in that folder itself, then in <see cref="DataOptions.CacheFolder"/>; what is nowhere is downloaded
    /// into the cache. MNIST and Fashion-MNIST name their files alike, so files that lie directly in the root count as Fashion-MNIST
    /// only if that folder's name contains "fashion", else as MNIST. Lengths and SHA-256 of downloads are checked; the image files of
    /// Fashion-MNIST against the MD5 that its authors publish, because no SHA-256 of them is known for certain. Any other word is a
    /// path: a folder with files of those names, an IDX file of images, whose labels lie beside it under the name with "labels" and
    /// "idx1" in place of "images" and "idx3", or a folder of pictures: PNG, JPEG, BMP, GIF (the first frame) and TGA. Of pictures,
    /// sub-folders are the classes (where all lie in one, and there are two at least), unless they are called train and test, and
    /// valid: then they are the splits, and those in them the classes. Without such folders about one picture in ten, chosen by a hash
    /// of its name, is of the split "test". What cannot be decoded is left out and named in <see cref="DataOptions.Notices"/>.
    /// </remarks>
    /// <param name="nameOrPath">A name of <see cref="Names"/>, a folder, or an IDX file.</param>
    /// <param name="options">Split, count, and where to look; null takes the defaults.</param>
    /// <exception cref="DataException">The set is not known, not found or damaged; the message says where it was looked for and what was
    /// found.</exception>
    public static ImageDataset Load(string nameOrPath, DataOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrPath);
        options ??= new DataOptions();
        if (options.Count is < 1) throw new DataException($"{nameOrPath}: expected a count of at least 1 image, found {options.Count}.");
        if (options.Size is < 1) throw new DataException($"{nameOrPath}: expected a size of at least 1 pixel, found {options.Size}.");
        if (options.Channels is not (null or 1 or 3)) throw new DataException(
            $"{nameOrPath}: expected 1 channel (grey) or 3 (RGB), found {options.Channels}.");

        // Those that were asked for alone are resized.
        ImageDataset data = LoadAll(nameOrPath, options);
        if (options.Count is { } count) data = data.Take(count);
        if (options.Channels is { } channels) data = ResizedImages.WithChannels(data, channels);
        return options.Size is { } size ? ResizedImages.Of(data, size, options.Fit) : data;
    }

    private static ImageDataset LoadAll(string nameOrPath, DataOptions options)
    {
        if (nameOrPath is DigitsName or ShapesName) return LoadDrawn(nameOrPath, options);
        if (Array.Find(PublishedDataset.All, d => d.Name == nameOrPath) is { } published) return LoadPublished(published, options);
        if (File.Exists(nameOrPath)) return LoadFile(nameOrPath);
        return Directory.Exists(nameOrPath) ? LoadFolder(nameOrPath, options) : throw Unknown(nameOrPath);
    }

    /// <summary>
    /// Whether a data set, by name or as a folder, has a split: <c>binarized-mnist</c> has <c>valid</c>, others have <c>train</c> and
    /// <c>test</c> alone.
    /// </summary>
    /// <param name="nameOrPath">A name of <see cref="Names"/>, a folder, or an IDX file.</param>
    /// <param name="split">The split.</param>
    public static bool HasSplit(string nameOrPath, string split)
    {
        if (nameOrPath is DigitsName or ShapesName) return split is "train" or "test";
        if (Array.Find(PublishedDataset.All, d => d.Name == nameOrPath) is { } published) return Array.Exists(
            published.Parts, part => part.Split == split);
        if (!Directory.Exists(nameOrPath)) return false;
        return PublishedDataset.All.Any(
            set => Array.Exists(set.Parts, part => part.Split == split && part.Images.In(nameOrPath) is not null))
            || PictureList.Of(nameOrPath)?.Splits.Contains(split) == true;
    }

    private static DataException Unknown(string name) => new(
        $"There is no data set '{name}': known are {string.Join(", ", Names)}, and {Path.GetFullPath(name)} is "
        + "neither a folder nor a file.");

    private static ImageDataset LoadDrawn(string name, DataOptions options)
    {
        // Another key, so that no test image is a training image.
        (int count, ulong seed) = options.Split switch
        {
            "train" => (options.Count ?? 60_000, options.Seed),
            "test" => (options.Count ?? 10_000, CounterRandom.Key(options.Seed, 0x74657374)),
            _ => throw new DataException($"{name} has no split '{options.Split}'; it has train, test."),
        };
        string label = $"{name} ({options.Split})";
        return name == DigitsName ? Digits.Draw(count, seed, label)
            : ColorShapes.Draw(count, seed, label, options.Size ?? ColorShapes.Size);
    }

    private static ImageDataset LoadPublished(PublishedDataset set, DataOptions options)
    {
        PublishedDataset.Part part = set.Of(options.Split);
        string label = $"{set.Name} ({part.Split})";
        List<string> searched = [];
        foreach (string folder in RootFolders(set.Name, options.Root))
        {
            searched.Add(folder);
            if (FindPart(part, folder) is { } found) return Read(label, found.Images, found.Labels);
        }

        DataCache cache = new(options, set.Name);
        searched.Add(cache.Folder);
        return Read(label, Cached(part.Images), part.Labels is null ? null : Cached(part.Labels));

        string Cached(DataFile file)
        {
            if (cache.Find(file) is { } path) return path;
            if (options.Download) return cache.Fetch(file, options.Mirrors ?? set.Mirrors);
            throw new DataException(
                $"{label} was not found and downloading is switched off. {(cache.Damage is null ? "" : cache.Damage + " ")}Looked for "
                + $"{FileNames(part)} in {string.Join(", ", searched)}.");
        }
    }

    private static IEnumerable<string> RootFolders(string name, string? root)
    {
        if (string.IsNullOrWhiteSpace(root)) yield break;
        yield return Path.Combine(root, name);
        if (name.Contains('-')) yield return Path.Combine(root, name.Replace('-', '_'));
        string last = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)));
        bool fashion = last.Contains("fashion", StringComparison.OrdinalIgnoreCase);
        bool mayBeMistaken = name == "mnist" ? fashion : name == "fashion-mnist" && !fashion;
        if (!mayBeMistaken) yield return root;
    }

    private static ImageDataset LoadFolder(string folder, DataOptions options)
    {
        string split = options.Split;
        string label = $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))} ({split})";
        List<string> wanted = [];
        bool known = false;

        // MNIST and Fashion-MNIST share their names; one of the two is used for both.
        foreach (PublishedDataset set in PublishedDataset.All.Where(d => d.Name != "fashion-mnist"))
        {
            if (Array.Find(set.Parts, p => p.Split == split) is not { } part) continue;
            known = true;
            if (FindPart(part, folder) is { } found) return Read(label, found.Images, found.Labels);
            wanted.Add(FileNames(part));
        }

        if (!known) throw new DataException($"There is no split '{split}'; use train, valid or test.");
        if (PictureList.Of(folder) is { } pictures) return PictureFolder.Load(folder, pictures, options);
        string state = Directory.EnumerateFileSystemEntries(folder).Any() ? "no such file" : "an empty folder";
        throw new DataException(
            $"{folder}: expected pictures (PNG, JPEG, BMP, GIF or TGA files), or {string.Join(", or ", wanted)}, found {state}.");
    }

    private static ImageDataset LoadFile(string path)
    {
        string file = Path.GetFileName(path);
        if (file.Contains(".amat", StringComparison.Ordinal)) return Read(file, path, null);
        string beside = file.Replace("images", "labels", StringComparison.Ordinal).Replace("idx3", "idx1", StringComparison.Ordinal);
        string labels = Path.Combine(Path.GetDirectoryName(path) ?? "", beside);
        return Read(file, path, beside != file && File.Exists(labels) ? labels : null);
    }

    /// <summary>The files of a part in a folder; null when none of them is there.</summary>
    /// <exception cref="DataException">Some are there and some are not.</exception>
    private static (string Images, string? Labels)? FindPart(PublishedDataset.Part part, string folder)
    {
        string? images = part.Images.In(folder), labels = part.Labels?.In(folder);
        if (images is null && labels is null) return null;
        DataFile? missing = images is null ? part.Images : part.Labels is not null && labels is null ? part.Labels : null;
        if (missing is not null)
        {
            string beside = Path.GetFileName(images ?? labels)!, names = string.Join(" or ", missing.Names);
            throw new DataException($"{folder}: expected {names} beside {beside}, found no such file.");
        }

        return (images!, labels);
    }

    private static ImageDataset Read(string label, string images, string? labels) =>
        images.Contains(".amat", StringComparison.Ordinal) ? Amat.Read(images, label, MnistSize, MnistSize)
            : Cifar.IsCifar(images) ? Cifar.Read(images, label, isTest: label.EndsWith("(test)", StringComparison.Ordinal))
            : Idx.Read(images, labels, label);

    private static string FileNames(PublishedDataset.Part part) =>
        string.Join(" and ", part.Files.Select(f => $"{f.Name} (or {string.Join(", ", f.AlsoCalled)})"));
}
