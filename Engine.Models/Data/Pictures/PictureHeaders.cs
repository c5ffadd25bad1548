using System.Buffers.Binary;
using System.IO.Hashing;

namespace Engine.Models.Data.Pictures;

/// <summary>The chunks of a PNG file, each with a checksum, which the decoder does not look at.</summary>
internal static class PngChunks
{
    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>What is wrong with the chunks of a file, up to the last one; null for nothing, or a file of another kind.</summary>
    public static string? Fault(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith(Signature)) return null;
        ReadOnlySpan<byte> rest = file[Signature.Length..];
        while (true)
        {
            // length, type, content, CRC-32 of type and content
            if (rest.Length < 12) return "is cut short";
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - 12) return "is cut short";
            ReadOnlySpan<byte> covered = rest.Slice(4, 4 + (int)length);
            if (Crc32.HashToUInt32(covered) != BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + (int)length)..]))
                return "is damaged (a checksum is wrong)";
            if (covered.StartsWith("IEND"u8)) return null;
            rest = rest[(12 + (int)length)..];
        }
    }
}

/// <summary>What the segments before the pixels of a JPEG file say.</summary>
/// <param name="Components">Colour components: 1 grey, 3 colour, 4 CMYK; 0 where none were found.</param>
/// <param name="Orientation">The orientation of EXIF, 1 to 8; 1 is upright.</param>
internal sealed record JpegHeader(int Components, int Orientation)
{
    /// <summary>The header of a file; null for a file of another kind.</summary>
    public static JpegHeader? Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 4 || file[0] != 0xFF || file[1] != 0xD8) return null;
        (int components, int orientation, int at) = (0, 1, 2);
        while (at + 4 <= file.Length && file[at] == 0xFF)
        {
            int marker = file[at + 1], length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (marker == 0xDA) break;
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            ReadOnlySpan<byte> segment = file[(at + 4)..Math.Min(file.Length, Math.Max(at + 4, at + 2 + length))];

            // SOF0 to SOF15, except the tables DHT, JPG and DAC: precision, height, width, components
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) && segment.Length >= 6) components = segment[5];
            if (marker == 0xE1 && segment.StartsWith("Exif\0\0"u8)) orientation = OfTiff(segment[6..]);
            at += 2 + Math.Max(2, length);
        }

        return new JpegHeader(components, orientation);
    }

    // The first directory of a TIFF file has entries of 12 bytes: tag, type, count, value.
    private static int OfTiff(ReadOnlySpan<byte> tiff)
    {
        const int OrientationTag = 0x0112;
        if (tiff.Length < 14 || !(tiff.StartsWith("II"u8) || tiff.StartsWith("MM"u8))) return 1;
        bool isLittle = tiff[0] == (byte)'I';
        uint directory = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory > tiff.Length - 2) return 1;
        ReadOnlySpan<byte> entries = tiff[((int)directory + 2)..];
        for (int i = Short(tiff[(int)directory..], isLittle); i > 0 && entries.Length >= 12; i--, entries = entries[12..])
        {
            if (Short(entries, isLittle) != OrientationTag) continue;
            int value = Short(entries[8..], isLittle);
            return value is >= 1 and <= 8 ? value : 1;
        }

        return 1;
    }

    private static int Short(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}

/// <summary>Turns pictures as the orientation of EXIF (CIPA DC-008, tag 0x0112) says.</summary>
internal static class Orientation
{
    /// <summary>The picture upright.</summary>
    /// <param name="orientation">Where the first row and the first column of the file belong, from 1 to 8.</param>
    /// <param name="picture">The picture as it lies in the file.</param>
    public static DecodedPicture Applied(int orientation, DecodedPicture picture)
    {
        if (orientation == 1) return picture;
        bool isTransposed = orientation >= 5;
        (int width, int height, int channels) = (picture.Width, picture.Height, picture.Channels);
        byte[] upright = new byte[picture.Pixels.Length];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                // 2, 3 and 6, 7: columns from the right; 3, 4 and 7, 8: rows from below; 5 to 8: rows and columns exchanged.
                int across = orientation is 2 or 3 or 7 or 8 ? width - 1 - x : x;
                int down = orientation is 3 or 4 or 6 or 7 ? height - 1 - y : y;
                int to = isTransposed ? (across * height) + down : (down * width) + across;
                picture.Pixels.AsSpan(((y * width) + x) * channels, channels).CopyTo(upright.AsSpan(to * channels));
            }
        }

        return isTransposed ? picture with { Width = height, Height = width, Pixels = upright } : picture with { Pixels = upright };
    }
}
