using System.Formats.Tar;
using System.IO.Compression;

namespace Engine.Models.Data;

/// <summary>
/// Reads CIFAR-10 and CIFAR-100 (Krizhevsky 2009) in their binary version: for each image of 32 x 32 pixels its label, or its coarse and
/// its fine label, and then a plane of bytes for each of red, green and blue. The archive is read as it was published, or what was unpacked
/// from it.
/// </summary>
internal static class Cifar
{
    private const int Side = 32, Plane = Side * Side, Channels = 3;
    private const string Archive = "-binary.tar.gz";
    private static readonly string[] s_batches = [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")];

    /// <summary>Whether a file is one of them, by its name.</summary>
    public static bool IsCifar(string path) => Path.GetFileName(path) is var name
        && (name.EndsWith(Archive, StringComparison.Ordinal) || IsOf10(name) || name is "train.bin" or "test.bin");

    /// <summary>The images of a split.</summary>
    /// <param name="path">The archive, or a file of the split beside which the others lie.</param>
    /// <param name="label">The name of the data set in messages.</param>
    /// <param name="isTest">Whether the test images of an archive are wanted.</param>
    /// <exception cref="DataException">A file is missing or damaged.</exception>
    public static ImageDataset Read(string path, string label, bool isTest)
    {
        string name = Path.GetFileName(path);
        bool isArchive = name.EndsWith(Archive, StringComparison.Ordinal), isOf10 = isArchive
            ? name.StartsWith("cifar-10-", StringComparison.Ordinal) : IsOf10(name);
        string[] wanted = isOf10 ? (isArchive ? isTest : name == "test_batch.bin") ? ["test_batch.bin"] : s_batches
            : isArchive ? [isTest ? "test.bin" : "train.bin"] : [name];
        byte[][] files = isArchive ? Unpacked(path, wanted)
            : [.. wanted.Select(file => DataFileReader.Read(Beside(file), (_, _) => int.MaxValue))];
        int labelBytes = isOf10 ? 1 : 2, classes = isOf10 ? 10 : 100, record = labelBytes + (Channels * Plane);
        for (int i = 0; i < files.Length; i++)
        {
            if (files[i].Length == 0 || files[i].Length % record != 0) throw new DataException(
                $"{(isArchive ? path : Beside(wanted[i]))}: expected a whole number of records of "
                + $"{record} bytes in {wanted[i]}, found {files[i].Length} bytes.");
        }

        int count = files.Sum(file => file.Length / record), image = 0;
        byte[] pixels = new byte[count * Channels * Plane];
        int[] labels = new int[count];
        foreach (byte[] file in files)
        {
            for (int at = 0; at < file.Length; at += record, image++)
            {
                // The last of them is the fine one.
                labels[image] = file[at + labelBytes - 1];
                if (labels[image] >= classes) throw new DataException(
                    $"{path}: expected labels from 0 to {classes - 1}, found {labels[image]} for image {image}.");
                ReadOnlySpan<byte> planes = file.AsSpan(at + labelBytes, Channels * Plane);
                Span<byte> target = pixels.AsSpan(image * Channels * Plane);
                for (int p = 0; p < Plane; p++)
                    for (int c = 0; c < Channels; c++) target[(p * Channels) + c] = planes[(c * Plane) + p];
            }
        }

        return new ImageDataset(label, Side, Side, Channels, pixels, labels, classes);

        string Beside(string file) => Path.Combine(Path.GetDirectoryName(path) ?? "", file);
    }

    private static bool IsOf10(string name) => name == "test_batch.bin" || s_batches.Contains(name);

    private static byte[][] Unpacked(string path, string[] wanted)
    {
        byte[]?[] found = new byte[wanted.Length][];
        try
        {
            using FileStream file = File.OpenRead(path);
            using GZipStream unpacked = new(file, CompressionMode.Decompress);
            using TarReader archive = new(unpacked);
            while (found.Contains(null) && archive.GetNextEntry() is { } entry)
            {
                int at = Array.IndexOf(wanted, Path.GetFileName(entry.Name));
                if (at < 0 || entry.DataStream is null) continue;
                using MemoryStream content = new();
                entry.DataStream.CopyTo(content);
                found[at] = content.ToArray();
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or FormatException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} is damaged, or no archive that can be read: {e.Message}", e);
        }

        int missing = Array.IndexOf(found, null);
        return missing < 0 ? [.. found.Select(content => content!)] : throw new DataException(
            $"{path}: expected {wanted[missing]} in the archive, found no such file.");
    }
}
