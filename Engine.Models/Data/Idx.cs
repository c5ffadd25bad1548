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
        // As soon as the header is there it says how long the file is: no more is read or unpacked.
        int[]? shape = null;
        byte[] file = DataFileReader.Read(path, (soFar, length) =>
        {
            shape ??= ReadShape(path, soFar, what, fewestDimensions, mostDimensions);
            if (shape is null) return long.MaxValue;
            long whole = HeaderBytes(shape) + Elements(path, shape);
            if (length is { } known && known != whole) throw WrongLength(path, shape, known);
            return soFar.Length <= whole ? whole : throw WrongLength(path, shape, null);
        });
        if (file.Length < 4)
            throw new DataException($"{path} is cut short: expected at least the 4 bytes of an IDX magic number, found {file.Length}.");
        if (shape is null)
            throw new DataException($"{path} is cut short: expected a header of {4 + (4 * file[3])} bytes, found {file.Length}.");
        int header = HeaderBytes(shape);
        return file.Length - header == Elements(path, shape) ? (shape, file[header..]) : throw WrongLength(path, shape, file.Length);
    }

    /// <summary>The shape that the header says; null as long as there is not all of the header.</summary>
    private static int[]? ReadShape(string path, ReadOnlySpan<byte> file, string what, int fewestDimensions, int mostDimensions)
    {
        if (file.Length < 4) return null;
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

        if (file.Length < 4 + (4 * dimensions)) return null;
        int[] shape = new int[dimensions];
        for (int i = 0; i < dimensions; i++)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(file[(4 + (4 * i))..]);
            shape[i] = size <= int.MaxValue ? (int)size : throw new DataException($"{path}: expected dimensions below 2^31, found {size}.");
        }

        return shape;
    }

    private static int HeaderBytes(int[] shape) => 4 + (4 * shape.Length);

    private static long Elements(string path, int[] shape)
    {
        UInt128 elements = 1;
        foreach (int extent in shape) elements *= (uint)extent;
        long most = Array.MaxLength - 1 - HeaderBytes(shape);
        return elements <= (UInt128)most ? (long)elements
            : throw new DataException($"{path}: expected at most {most} bytes after the header, which says {string.Join(" x ", shape)}.");
    }

    private static DataException WrongLength(string path, int[] shape, long? length)
    {
        long elements = Elements(path, shape), header = HeaderBytes(shape);
        string state = length - header < elements ? "is cut short" : "is too long";
        return new DataException(
            $"{path} {state}: expected {elements} bytes after the header, which says {string.Join(" x ", shape)}, found "
            + $"{DataFileReader.Found(length - header)}.");
    }

    private static uint Magic(int dimensions) => (UnsignedByte << 8) | (uint)dimensions;
}
