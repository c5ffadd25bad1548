using System.Globalization;

namespace Engine.Models.Data.Pictures;

/// <summary>
/// Loads a folder of pictures as a data set of square images of one size: PNG, JPEG, BMP, GIF (the first frame) and TGA, in sub-folders for
/// classes where there are any. Sub-folders <c>train</c> and <c>test</c> (and <c>valid</c>) are the splits; without them about a tenth of
/// the files, chosen by a hash of each one's name, is left to test on, so that a file stays in its split when others come and go.
/// </summary>
internal static class PictureFolder
{
    /// <summary>The size of images where none is asked for.</summary>
    public const int UsualSize = 32;

    private const int MostNamed = 12;
    private const long LeastCached = 32L << 20;

    /// <summary>Loads a split.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="pictures">Its pictures.</param>
    /// <param name="options">Split, size and channels, and what to do with damaged files.</param>
    /// <param name="leastCached">The least bytes of files whose decoded pictures are kept in the cache.</param>
    /// <exception cref="DataException">None can be used, or with <see cref="DataOptions.Strict"/> not all.</exception>
    public static ImageDataset Load(string folder, PictureList pictures, DataOptions options, long leastCached = LeastCached)
    {
        string label = $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))} ({options.Split})";
        if (pictures.Count == 0) throw new DataException(
            $"{folder}: expected PNG, JPEG, BMP, GIF or TGA files, found {Listed(pictures.Unread)}: convert them to PNG.");
        (int size, int channels) = (options.Size ?? UsualSize, options.Channels ?? 3);
        PictureCache? cache = pictures.Bytes(options.Split) < leastCached ? null
            : new PictureCache(options.CacheFolder, $"{size} {channels} {options.Fit}\n{Path.GetFullPath(folder)}\n"
                + pictures.Fingerprint(options.Split));
        DecodedPictures? found = cache?.Read();
        if (found is null)
        {
            if (cache is not null) options.Notices?.Report(string.Create(
                CultureInfo.InvariantCulture, $"Decoding {pictures.In(options.Split).Count:N0} pictures of {folder} ..."));
            found = Decode(folder, label, pictures.In(options.Split), size, channels, options);
            cache?.Write(found);
        }

        Tell(folder, pictures, found, options);
        if (found.Labels.Length == 0) throw new DataException(
            $"{folder}: expected pictures, found none in {options.Split} that can be used: {Reasons(found.Faults)}.");
        bool isLabelled = pictures.Classes.Count > 0;
        return new ImageDataset(
            label, size, size, channels, found.Pixels, isLabelled ? found.Labels : null, isLabelled ? pictures.Classes.Count : 0);
    }

    private static DecodedPictures Decode(
        string folder, string label, IReadOnlyList<PictureList.Entry> entries, int size, int channels, DataOptions options)
    {
        byte[] pixels = ResizedImages.NewPixels(label, entries.Count, size, channels);
        int length = size * size * channels;
        string?[] faults = new string?[entries.Count], notes = new string?[entries.Count];
        Parallel.For(0, entries.Count, new ParallelOptions { CancellationToken = options.Cancellation }, i =>
        {
            (DecodedPicture? picture, faults[i]) = PictureFile.Decode(Path.Combine(folder, entries[i].Name), channels);
            if (picture is null) return;
            if (PictureFitting.IsTooSmall(picture, size, options.Fit))
            {
                faults[i] = $"has {picture.Width} x {picture.Height} pixels, too few for {size} x {size}";
                return;
            }

            notes[i] = picture.Note;
            PictureFitting.Square(picture, size, options.Fit).CopyTo(pixels.AsSpan(i * length));
        });

        // Close up the places of those that were left out.
        List<int> labels = [];
        for (int i = 0; i < entries.Count; i++)
        {
            if (faults[i] is not null) continue;
            if (labels.Count < i) pixels.AsSpan(i * length, length).CopyTo(pixels.AsSpan(labels.Count * length));
            labels.Add(entries[i].Class);
        }

        if (labels.Count < entries.Count) pixels = pixels[..(labels.Count * length)];
        return new DecodedPictures([.. labels], pixels, Named(faults), Named(notes));

        (string, string)[] Named(string?[] texts) =>
            [.. texts.Select((text, i) => (entries[i].Name, Text: text)).Where(one => one.Text is not null)
                .OrderBy(one => one.Name, StringComparer.Ordinal).Select(one => (one.Name, one.Text!))];
    }

    private static void Tell(string folder, PictureList pictures, DecodedPictures found, DataOptions options)
    {
        int all = found.Labels.Length + found.Faults.Length;
        if (options.Strict && found.Faults.Length > 0) throw new DataException(
            $"{folder}: expected pictures that can all be used, found {found.Faults.Length} of {all} that cannot: "
            + $"{Reasons(found.Faults)}.");
        if (options.Strict && pictures.Unread.Count > 0) throw new DataException(
            $"{folder}: expected PNG, JPEG, BMP, GIF and TGA files alone, found {Listed(pictures.Unread)}.");
        if (options.Notices is not { } notices) return;
        if (found.Faults.Length > 0) notices.Report(
            $"Left out {found.Faults.Length} of {all} pictures ({options.Split}): {Reasons(found.Faults)}.");
        if (found.Notes.Length > 0) notices.Report($"Taken with a loss ({options.Split}): {Reasons(found.Notes)}.");
        if (options.Split != "train") return;
        if (pictures.Unread.Count > 0) notices.Report(
            $"Left out {pictures.Unread.Count} files of formats that are not read: {Listed(pictures.Unread)}.");
        if (pictures.Classes.Count > 0) notices.Report(
            $"Classes: {Some([.. pictures.Classes.Select((name, i) => $"{i} {name}")])}.");
    }

    // Files with the same reason together.
    private static string Reasons((string Name, string Reason)[] all) => string.Join("; ", all.GroupBy(one => one.Reason).Select(
        group => group.Count() == 1 ? $"{group.First().Name} {group.Key}" : $"{Some([.. group.Select(one => one.Name)])}: {group.Key}"));

    private static string Listed(IReadOnlyList<string> files) => Some(files);

    private static string Some(IReadOnlyList<string> all) =>
        string.Join(", ", all.Take(MostNamed)) + (all.Count > MostNamed ? $" and {all.Count - MostNamed} more" : "");
}

/// <summary>The pictures of a split: those that can be used as bytes, and the names of the others.</summary>
/// <param name="Labels">The class of each; -1 for none.</param>
/// <param name="Pixels">[pictures, size, size, channels].</param>
/// <param name="Faults">The files that were left out, with reasons.</param>
/// <param name="Notes">The files that lost something.</param>
internal sealed record DecodedPictures(
    int[] Labels, byte[] Pixels, (string Name, string Text)[] Faults, (string Name, string Text)[] Notes);
