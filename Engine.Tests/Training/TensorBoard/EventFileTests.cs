using Engine.Models.Training.TensorBoard;
using Engine.Tests.Protobuf;

namespace Engine.Tests.Training.TensorBoard;

public sealed class EventFileTests : IsolatedTests
{
    // CRC-32C of "123456789" is the check value of the catalogue of CRCs (reveng.sourceforge.io); the others are of RFC 3720, B.4.
    [Fact]
    public void Checksums_are_those_that_are_published()
    {
        byte[] ascending = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        foreach ((byte[] bytes, uint expected) in ((byte[], uint)[])[
            ("123456789"u8.ToArray(), 0xE3069283), (new byte[32], 0x8A9136AA), (ascending, 0x46DD794E)])
        {
            Assert.Equal(expected, EventFile.Crc(bytes));
            Assert.Equal(((expected >> 15) | (expected << 17)) + 0xa282ead8, EventRecord.Checksum(bytes));
        }
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        Picture picture = new(3, 2, 3);
        picture.Fill(1, 0, 1, 2, new Rgb(200, 100, 50));
        using EventFileWriter events = new(Folder["run"], firstStep: 7);
        double before = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        events.WriteScalar("loss/a", 7, 0.1);
        events.WriteScalar("loss/a", 5_000_000_000, double.NaN);
        events.WriteImage("samples", 8, picture, "Samples & more");
        events.WriteImage("grey", 8, new Picture(1, 1, 1));
        events.WriteText("note", 9, "ein Wörtchen");
        Assert.Equal(2, EventFile.Read(events.Path).Length);
        events.Flush();

        Fields[] read = EventFile.Read(events.Path);
        Assert.Equal([0, 7, 7, 5_000_000_000, 8, 8, 9], read.Select(one => one.Number(2)));
        Assert.All(read, one => Assert.InRange(one.Double(1), before - 60, before + 60));
        Assert.Equal(1, read[1].Message(7).Number(1));
        Assert.Equal(("loss/a", 0.1f), (Value(2).Text(1), Value(2).Float(2)));
        Assert.True(float.IsNaN(Value(3).Float(2)));
        Fields image = Value(4).Message(4);
        Assert.Equal((2, 3, 3), (image.Number(1), image.Number(2), image.Number(3)));
        Assert.Equal(picture.ToPng(), image.Bytes(4));
        Assert.Equal(("images", "Samples & more"), (Value(4).Message(9).Message(1).Text(1), Value(4).Message(9).Text(3)));
        Assert.Equal((1, false), (Value(5).Message(4).Number(3), Value(5).Has(9)));
        Fields text = Value(6);
        Assert.Equal(("note", 7, "ein Wörtchen"), (text.Text(1), text.Message(8).Number(1), text.Message(8).Text(8)));
        Assert.Equal(("text", 2), (text.Message(9).Message(1).Text(1), text.Message(9).Number(4)));

        Fields Value(int i) => read[i].Message(5).Message(1);
    }

    [Fact]
    public void Files_of_a_folder_are_sorted_as_they_were_begun_and_a_later_one_replaces_steps()
    {
        foreach (int first in (int[])[0, 3, 2])
        {
            using EventFileWriter events = new(Folder.Path, first);
            for (int step = first; step < first + 3; step++) events.WriteScalar("x", step, first);
        }

        Assert.Equal(3, Directory.GetFiles(Folder.Path).Length);
        Assert.Equal(["0 x 0", "1 x 0", "2 x 2", "3 x 2", "4 x 2"], EventFile.Shown(Folder.Path));
    }

    [Fact]
    public void Bad_arguments_and_files_that_cannot_be_written_are_told()
    {
        using EventFileWriter events = new(Folder["run"]);
        Refused<ArgumentOutOfRangeException>("firstStep", () => new EventFileWriter(Folder.Path, -1));
        Refused("folder", () => new EventFileWriter(" "));
        Refused<ArgumentOutOfRangeException>("step", () => events.WriteScalar("a", -1, 0));
        Refused("tag", () => events.WriteText("", 0, "text"));
        string file = Folder.Put("file", [1]);
        RefusedWith<IOException>($"{file} cannot be written: ", () => new EventFileWriter(file));
        File.Delete(events.Path);
        events.WriteScalar("a", 1, 0);
        RefusedWith<IOException>($"{events.Path} cannot be written: ", events.Flush);

        // What waits is not lost where there is room again.
        File.WriteAllBytes(events.Path, []);
        events.Flush();
    }
}
