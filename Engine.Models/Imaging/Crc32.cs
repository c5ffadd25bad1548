namespace Engine.Models.Imaging;

/// <summary>
/// The cyclic redundancy check of PNG and gzip: polynomial 0xEDB88320, bits reflected, eight bytes at a time ("slicing by 8").
/// </summary>
internal static class Crc32
{
    private static readonly uint[] s_table = Table();

    /// <summary>The check of some bytes, or of bytes that follow those whose check is <paramref name="before"/>.</summary>
    public static uint Of(ReadOnlySpan<byte> data, uint before = 0)
    {
        uint crc = ~before;
        uint[] table = s_table;
        while (data.Length >= 8)
        {
            uint low = crc ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(data);
            uint high = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = table[0x700 + (low & 0xFF)] ^ table[0x600 + ((low >> 8) & 0xFF)] ^ table[0x500 + ((low >> 16) & 0xFF)] ^ table[0x400
                + (low >> 24)]
                ^ table[0x300 + (high & 0xFF)] ^ table[0x200 + ((high >> 8) & 0xFF)] ^ table[0x100
                    + ((high >> 16) & 0xFF)] ^ table[high >> 24];
            data = data[8..];
        }

        foreach (byte b in data) crc = table[(crc ^ b) & 0xFF] ^ (crc >> 8);
        return ~crc;
    }

    // Entry n * 256 + b: what byte b does to the check when n more bytes follow it.
    private static uint[] Table()
    {
        uint[] table = new uint[8 * 256];
        for (uint b = 0; b < 256; b++)
        {
            uint c = b;
            for (int bit = 0; bit < 8; bit++) c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
            table[b] = c;
        }

        for (int i = 256; i < table.Length; i++) table[i] = table[table[i - 256] & 0xFF] ^ (table[i - 256] >> 8);
        return table;
    }
}
