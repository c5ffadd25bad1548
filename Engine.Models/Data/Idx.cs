using System.Buffers.Binary;

namespace Engine.Models.Data;

/// <summary>
/// Reads IDX files, the format of MNIST: two zero bytes, the element type (8 = unsigned byte), the number of dimensions, each dimension as
/// a big-endian 32-bit number, then the elements. Files may be gzip-packed; that is seen by their content, not their name.
/// </summary>
public static class Idx
{
    private const byte UnsignedByte = 8;

    /// <summary>Reads an image file, and the label file that belongs to it if there is one.</summary>
    /// <param name="imagesPath">IDX file with 3 dimensions [count, height, width], or 4 [count, height, width, channels].</param>
    /// <param name="labelsPath">IDX file with 1 dimension [count], or null.</param>
    /// <param name="name">The name of the data set in messages.</param>
    /// <param name="classes">Labels must lie in [0, classes).</param>
    /// <exception cref="DataException">A file is missing, cut short or damaged, is no IDX file of that kind, or the two
    /// disagree.</exception>
    public static ImageDataset Read(string imagesPath, string? labelsPath, string name, int classes = 10)
    {
        (int[] shape, byte[] pixels) = ReadArray(imagesPath, "images", 3, 4);
        if (shape[0] < 1) throw new DataException($"{imagesPath}: expected at least 1 image, found {shape[0]}.");
        for (int i = 1; i < shape.Length; i++)
        {
            if (shape[i] < 1)
                throw new DataException($"{imagesPath}: expected images of at least 1 pixel, found the shape {string.Join(" x ", shape)}.");
        }

        int channels = shape.Length == 4 ? shape[3] : 1;
        if (labelsPath is null) return new ImageDataset(name, shape[1], shape[2], channels, pixels);

        (int[] labelShape, byte[] labelBytes) = ReadArray(labelsPath, "labels", 1, 1);
        if (labelShape[0] != shape[0])
            throw new DataException(
                $"{labelsPath}: expected {shape[0]} labels, one for each image of {imagesPath}, found {labelShape[0]}.");
        int[] labels = new int[labelBytes.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            if (labelBytes[i] >= classes)
                throw new DataException($"{labelsPath}: expected labels from 0 to {classes - 1}, found {labelBytes[i]} for image {i}.");
            labels[i] = labelBytes[i];
        }

        return new ImageDataset(name, shape[1], shape[2], channels, pixels, labels, classes);
    }

    /// <summary>The shape and the elements of an IDX file.</summary>
    internal static (int[] Shape, byte[] Elements) ReadArray(string path, string what, int fewestDimensions, int mostDimensions)
    {
        byte[] file = ReadUnpacked(path);
        if (file.Length < 4)
            throw new DataException($"{path} is cut short: expected at least the 4 bytes of an IDX magic number, found {file.Length}.");
        string wanted = fewestDimensions == mostDimensions ? $"0x{Magic(fewestDimensions):x8}"
            : $"0x{Magic(fewestDimensions):x8} or 0x{Magic(mostDimensions):x8}";
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(file);
        int dimensions = file[3];
        if (magic != Magic(dimensions) || dimensions == 0)
            throw new DataException($"{path}: expected the magic number {wanted} of an IDX file of {what}, found 0x{magic:x8}.");
        if (dimensions < fewestDimensions || dimensions > mostDimensions)
        {
            string count = fewestDimensions == mostDimensions ? $"{fewestDimensions}" : $"{fewestDimensions} or {mostDimensions}";
            throw new DataException($"{path}: expected {what} with {count} dimensions, found {dimensions} (magic number 0x{magic:x8}).");
        }

        int header = 4 + 4 * dimensions;
        if (file.Length < header)
            throw new DataException($"{path} is cut short: expected a header of {header} bytes, found {file.Length}.");
        int[] shape = new int[dimensions];
        UInt128 elements = 1;
        for (int i = 0; i < dimensions; i++)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(4 + 4 * i));
            elements *= size;
            shape[i] = size <= int.MaxValue ? (int)size : throw new DataException($"{path}: expected dimensions below 2^31, found {size}.");
        }

        if (elements != (UInt128)(file.Length - header))
        {
            string dims = string.Join(" x ", shape), state = elements > (UInt128)(file.Length - header) ? "is cut short" : "is too long";
            throw new DataException(
                $"{path} {state}: expected {elements} bytes after the header, which says {dims}, found {file.Length - header}.");
        }

        return (shape, file[header..]);
    }

    /// <summary>The bytes of a file, unpacked if it is gzip.</summary>
    internal static byte[] ReadUnpacked(string path)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: expected a file, found none.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read: {e.Message}", e);
        }

        if (GzipFile.IsGzip(file)) return GzipFile.Unpack(file, path);
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            string found = file.Length < 2 ? $"a file of {file.Length} bytes" : $"0x{file[0]:x2}{file[1]:x2}";
            throw new DataException($"{path}: expected the magic number 0x1f8b of a gzip file, found {found}.");
        }

        return file;
    }

    private static uint Magic(int dimensions) => (UnsignedByte << 8) | (uint)dimensions;
}
