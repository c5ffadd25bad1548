namespace Engine.Models.Data;

/// <summary>
/// Reads the text form of the statically binarised MNIST: a line of 784 zeros and ones, separated by blanks, for each image.
/// </summary>
internal static class Amat
{
    /// <summary>The images as bytes 0 and 255.</summary>
    public static ImageDataset Read(string path, string name, int height, int width)
    {
        byte[] text = ReadText(path);
        int perImage = height * width, count = 0, column = 0;
        byte[] pixels = new byte[text.Length / 2 + 1];
        int written = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            byte c = i < text.Length ? text[i] : (byte)'\n';
            if (c is (byte)'0' or (byte)'1')
            {
                bool ends = i + 1 >= text.Length || text[i + 1] is (byte)' ' or (byte)'\n' or (byte)'\r';
                if (!ends) throw Unexpected(path, text[i + 1], count, i + 1);
                pixels[written++] = c == (byte)'1' ? (byte)255 : (byte)0;
                column++;
            }
            else if (c == (byte)'\n')
            {
                if (column != 0 && column != perImage)
                    throw new DataException($"{path}: expected {perImage} values in line {count + 1}, found {column}.");
                if (column != 0) count++;
                column = 0;
            }
            else if (c is not ((byte)' ' or (byte)'\r'))
            {
                throw Unexpected(path, c, count, i);
            }
        }

        if (count == 0) throw new DataException($"{path}: expected at least 1 image, found none.");
        return new ImageDataset(name, height, width, 1, pixels[..written]);
    }

    // The format does not say how many images there are: anything else than zeros, ones and blanks ends reading at once, and images end it
    // where they would take more than the half of the memory.
    private static byte[] ReadText(string path)
    {
        int seen = 0;
        long most = DataFileReader.MostBytes(times: 4);
        return DataFileReader.Read(path, (soFar, length) =>
        {
            int other = soFar[Math.Min(seen, soFar.Length)..].IndexOfAnyExcept("01 \r\n"u8);
            if (other >= 0) throw Unexpected(path, soFar[seen + other], soFar[..(seen + other)].Count((byte)'\n'), seen + other);
            seen = Math.Max(seen, soFar.Length);
            return most;
        });
    }

    private static DataException Unexpected(string path, byte found, int line, int at) =>
        new($"{path}: expected 0, 1 and blanks, found byte 0x{found:x2} in line {line + 1} (byte {at}).");
}
