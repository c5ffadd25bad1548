namespace Engine.Tests.Data;

public sealed class IdxTests : IsolatedTests
{
    [Theory, Values(false, true)]
    public void Images_and_labels_are_read_raw_and_packed(bool packed)
    {
        byte[] pixels = [.. Enumerable.Range(0, 3 * 4 * 5).Select(i => (byte)(i * 3))];
        ImageDataset data = Read(Pack(TestFolder.Idx(pixels, 3, 4, 5), packed), Pack(TestFolder.Idx([2, 0, 9], 3), packed));

        Assert.Equal((3, 4, 5, 1, 10), (data.Count, data.Height, data.Width, data.Channels, data.Classes));
        Assert.Equal(pixels, data.Pixels.ToArray());
        Assert.Equal([2, 0, 9], data.Labels.ToArray());
    }

    [Fact]
    public void Four_dimensions_are_images_with_channels()
    {
        ImageDataset data = Read(TestFolder.Idx(new byte[24], 2, 2, 2, 3), null);
        Assert.Equal((2, 2, 2, 3), (data.Count, data.Height, data.Width, data.Channels));
    }

    [Fact]
    public void Gzip_of_several_members_is_read()
    {
        byte[] file = TestFolder.Idx(new byte[2 * 16], 2, 4, 4);
        ImageDataset data = Read([.. TestFolder.Gzip(file[..20]), .. TestFolder.Gzip(file[20..])], null);
        Assert.Equal(2, data.Count);
    }

    [Fact]
    public void A_gzip_file_cut_short_anywhere_is_refused()
    {
        byte[] whole = TestFolder.Gzip(TestFolder.Idx(TestFolder.Pixels(10), 10, 28, 28));
        for (int length = 2; length < whole.Length; length += length < 40 || length > whole.Length - 40 ? 1 : 97)
        {
            string message = Refused(whole[..length], null);
            Assert.Contains("images.idx is cut short: expected gzip data that end with a checksum and a length", message);
            Assert.Contains($"found the end of the file after {length} bytes", message);
        }
    }

    [Fact]
    public void A_gzip_file_with_any_byte_changed_is_refused_or_reads_the_same()
    {
        byte[] file = TestFolder.Idx(TestFolder.Pixels(2), 2, 28, 28), whole = TestFolder.Gzip(file);
        int refused = 0;
        for (int at = 2; at < whole.Length; at += at < 30 || at > whole.Length - 30 ? 1 : 13)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x55;
            try
            {
                // The time stamp and the like in the header may differ without harm.
                Assert.Equal(file[16..], Read(damaged, null).Pixels.ToArray());
                Assert.InRange(at, 3, 9);
            }
            catch (DataException e)
            {
                Assert.Contains("images.idx", e.Message);
                refused++;
            }
        }

        Assert.True(refused > 50);
    }

    [Fact]
    public void A_wrong_checksum_is_refused()
    {
        byte[] damaged = TestFolder.Gzip(TestFolder.Idx(new byte[16], 1, 4, 4));
        damaged[^8] ^= 1;
        Assert.Matches("images.idx is damaged: expected CRC-32 [0-9a-f]{8} from its gzip trailer, found [0-9a-f]{8}",
            Refused(damaged, null));
    }

    [Fact]
    public void Bytes_after_the_gzip_data_are_refused() =>
        Assert.Contains("found 3 more bytes", Refused([.. TestFolder.Gzip(TestFolder.Idx(new byte[16], 1, 4, 4)), 1, 2, 3], null));

    [Fact]
    public void A_file_named_gz_that_is_not_packed_is_refused()
    {
        string path = Folder.Put("x.gz", [1, 2, 3]);
        RefusedExactly<DataException>($"{path}: expected the magic number 0x1f8b of a gzip file, found 0x0102.",
            () => Idx.Read(path, null, "x"));
    }

    [Fact]
    public void A_wrong_magic_number_is_refused() =>
        Assert.EndsWith("expected the magic number 0x00000803 or 0x00000804 of an IDX file of images, found 0x3c68746d.",
            Refused("<html><body>no such file"u8.ToArray(), null));

    [Fact]
    public void Labels_in_place_of_images_are_refused() =>
        Assert.EndsWith("expected images with 3 or 4 dimensions, found 1 (magic number 0x00000801).",
            Refused(TestFolder.Idx(new byte[5], 5), null));

    [Fact]
    public void Images_in_place_of_labels_are_refused() =>
        Assert.EndsWith("labels.idx: expected labels with 1 dimensions, found 3 (magic number 0x00000803).",
            Refused(TestFolder.Idx(new byte[4], 1, 2, 2), TestFolder.Idx(new byte[4], 1, 2, 2)));

    [Fact]
    public void A_length_other_than_the_header_says_is_refused()
    {
        byte[] file = TestFolder.Idx(new byte[3 * 16], 3, 4, 4);
        Assert.EndsWith("images.idx is cut short: expected 48 bytes after the header, which says 3 x 4 x 4, found 47.",
            Refused(file[..^1], null));
        Assert.EndsWith("images.idx is too long: expected 48 bytes after the header, which says 3 x 4 x 4, found 49.",
            Refused([.. file, 0], null));
        Assert.EndsWith("images.idx is cut short: expected a header of 16 bytes, found 9.", Refused(file[..9], null));
        Assert.EndsWith("images.idx is cut short: expected at least the 4 bytes of an IDX magic number, found 0.", Refused([], null));
    }

    [Fact]
    public void A_header_that_claims_more_than_fits_in_memory_is_refused() =>
        Assert.Contains("which says 2147483647 x 2147483647 x 2147483647",
            Refused(TestFolder.Idx([], int.MaxValue, int.MaxValue, int.MaxValue), null));

    [Fact]
    public void Labels_and_images_that_disagree_in_number_are_refused()
    {
        string message = Refused(TestFolder.Idx(new byte[3 * 16], 3, 4, 4), TestFolder.Idx([1, 2], 2));
        Assert.Equal($"{Folder["labels.idx"]}: expected 3 labels, one for each image of {Folder["images.idx"]}, found 2.", message);
    }

    [Fact]
    public void A_label_out_of_range_is_refused() =>
        Assert.EndsWith("labels.idx: expected labels from 0 to 9, found 10 for image 1.",
            Refused(TestFolder.Idx(new byte[2 * 16], 2, 4, 4), TestFolder.Idx([9, 10], 2)));

    [Fact]
    public void A_file_without_images_is_refused() =>
        Assert.EndsWith("expected at least 1 image, found 0.", Refused(TestFolder.Idx([], 0, 28, 28), null));

    [Fact]
    public void A_missing_file_is_named() =>
        RefusedExactly<DataException>($"{Folder["none"]}: expected a file, found none.", () => Idx.Read(Folder["none"], null, "x"));

    private static byte[] Pack(byte[] file, bool packed) => packed ? TestFolder.Gzip(file) : file;

    private ImageDataset Read(byte[] images, byte[]? labels) =>
        Idx.Read(Folder.Put("images.idx", images), labels is null ? null : Folder.Put("labels.idx", labels), "toy");

    private string Refused(byte[] images, byte[]? labels) => Assert.Throws<DataException>(() => Read(images, labels)).Message;
}
