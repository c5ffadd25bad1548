namespace Engine.Tests.Checkpoints;

public sealed class SafetensorsRefusalTests : IsolatedTests
{
    private string Weights => Folder["model.safetensors"];

    [Theory]
    [InlineData("", "expected a header in JSON")]
    [InlineData("[]", "expected a header that is a JSON object, found '['.")]
    [InlineData("{", "expected a header in JSON")]
    [InlineData("{}x", "expected a header in JSON")]
    [InlineData("""{"a":1}""", "expected tensor 'a' to be a JSON object, found '1'.")]
    [InlineData("""{"a":{}}""", "tensor 'a': expected dtype, shape and data_offsets, found no dtype.")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,8]}}""", "tensor 'a': expected dtype, shape and data_offsets, found no shape.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "tensor 'a': expected dtype, shape and data_offsets, found no data_offsets.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}""",
        "tensor 'a': expected dtype, shape and data_offsets, found 'x'.")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "tensor 'a': expected one dtype, found two.")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[7],"data_offsets":[0,8]}}""",
        "tensor 'a': expected 7 bytes for F8_E4M3 [7], found data_offsets [0, 8], which are 8.")]
    [InlineData("""{"a":{"dtype":"F6_E2M3","shape":[11],"data_offsets":[0,8]}}""",
        "tensor 'a': expected whole bytes instead of 66 bits for F6_E2M3 [11], found data_offsets [0, 8], which are 8.")]
    [InlineData("""{"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}""", "expected a name as the dtype of tensor 'a', found '7'.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""",
        "tensor 'a': expected 12 bytes for F32 [3], found data_offsets [0, 8], which are 8.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""",
        "tensor 'a': the shape: expected whole numbers from 0 to 2^63 - 1, found '-2'.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}""",
        "tensor 'a': the shape: expected whole numbers from 0 to 2^63 - 1, found '2.0'.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}""",
        "tensor 'a': the shape: expected whole numbers from 0 to 2^63 - 1, found '9223372036854775808'.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}""",
        "tensor 'a': expected fewer than 2^60 elements, found the shape [4294967296, 4294967296, 4294967296].")]
    [InlineData("""{"a":{"dtype":"F32","shape":"x","data_offsets":[0,8]}}""", "expected tensor 'a': the shape to be an array, found 'x'.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "tensor 'a': expected two data_offsets, found 1.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}""",
        "tensor 'a': the data_offsets: expected at most 2 numbers, found more.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""",
        "tensor 'a': expected data_offsets in ascending order, found [8, 0].")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""",
        "tensor 'a': expected its data from byte 0 to 12, found 8 bytes of data: the file is cut short, or its header damaged.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        "tensor 'a': expected its data to begin at byte 0, found 4: it leaves a gap.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "expected 4 bytes of data, as the header says, found 8.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""",
        "tensor 'b': expected its data to begin at byte 8, found 2: it overlaps the tensor before it.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        "tensor 'a': expected each name once, found it twice.")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        "tensor 'a': expected each name once, found it twice.")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        "expected text, found '\\ud800', which has half a surrogate pair.")]
    [InlineData("""{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        "expected text under 'a' in __metadata__, found '1'.")]
    [InlineData("""{"__metadata__":{"a":"1","a":"1"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        "__metadata__: expected each key once, found 'a' twice.")]
    [InlineData("""{"__metadata__":{},"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        "expected one __metadata__, found two.")]
    public void A_header_that_disagrees_with_itself_or_with_the_data_is_refused(string header, string sentence)
    {
        string message = Refuse(SafetensorsBytes.Of(header, new byte[8]));
        Assert.StartsWith($"{Weights}: {sentence}", message);
    }

    [Fact]
    public void A_file_cut_short_or_of_another_kind_is_refused()
    {
        byte[] whole = SafetensorsBytes.Of("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  """, new byte[8]);
        File.WriteAllBytes(Weights, whole);
        SafetensorsFile.Open(Weights).Dispose();
        for (int length = 0; length < whole.Length; length++)
            Assert.Contains(length < whole.Length - 8 ? "is cut short" : "the file is cut short", Refuse(whole[..length]));
        Assert.Equal($"{Weights}: expected 8 bytes of data, as the header says, found 9.", Refuse([.. whole, 0]));
        Assert.Equal($"{Weights} is cut short: expected at least the 8 bytes of a header's length, found 3.", Refuse(whole[..3]));
        Assert.Equal($"{Weights} is cut short: expected a header of 56 bytes, found 2 after its length.", Refuse(whole[..10]));
        Assert.Equal(
            $"{Weights}: expected a header of at most 100000000 bytes, found its length to be 18446744073709551615: this is no "
            + "safetensors file.",
            Refuse([255, 255, 255, 255, 255, 255, 255, 255, .. whole]));
        Assert.Equal($"{Weights}: expected a header in UTF-8, found bytes that are none.",
            Refuse([2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', 0xC0]));
    }

    [Fact]
    public void A_file_that_is_missing_or_a_folder_is_refused()
    {
        RefusedExactly<CheckpointException>($"{Weights}: expected a file, found none.", () => SafetensorsFile.Open(Weights));
        RefusedWith<CheckpointException>($"{Folder.Path} cannot be read: ", () => SafetensorsFile.Open(Folder.Path));
    }

    [Fact]
    public void A_file_that_becomes_shorter_while_it_is_open_is_refused()
    {
        File.WriteAllBytes(Weights, SafetensorsBytes.Of("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8]));
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        using (FileStream other = new(
            Weights, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) other.SetLength(66);
        RefusedWith<CheckpointException>($"{Weights} is cut short: expected 4 bytes from byte 66 on, found none",
            () => file.Read<float>("a"));
    }

    [Theory]
    [InlineData("F4", 16), InlineData("C64", 1), InlineData("f32", 2), InlineData("F12_E5M6", 1_000_000_000_000)]
    public void A_type_without_a_conversion_is_refused_when_it_is_asked_for_and_not_before(string type, long count)
    {
        File.WriteAllBytes(Weights, SafetensorsBytes.Of(
            "{\"a\":{\"dtype\":\"" + type + "\",\"shape\":[" + count + "],\"data_offsets\":[0,8]}"
            + ""","b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""",
            [.. new byte[8], .. SafetensorsBytes.Floats(3)]));
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        Assert.Equal([3f], file.Read<float>("b"));
        SafetensorsEntry entry = file.Find("a");
        Assert.Equal((type, count, 8L), (entry.TypeName, entry.Count, entry.Bytes));
        string refusal = "tensor 'a': expected elements with a conversion to Single (BOOL, U8, I8, I16, F16, BF16, I32, F32, I64, F64, "
            + $"U16, U32, U64, F8_E5M2, F8_E4M3, F8_E5M2FNUZ, F8_E4M3FNUZ, F8_E8M0), found {type} [{count}].";
        Refused<CheckpointException>(refusal, () => file.Read<float>("a"));
        using Tensor tensor = Tensor.Zeros([1]);
        Refused<CheckpointException>(refusal, () => file.Read("a", tensor));
        RefusedWith<CheckpointException>($"{Weights}: tensor 'a': expected elements with a conversion to Int32",
            () => file.Read("a", new int[1].AsSpan()));
    }

    [Fact]
    public void A_truth_value_other_than_0_and_1_is_refused()
    {
        File.WriteAllBytes(Weights, SafetensorsBytes.Of("""{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}""", 1, 0, 2));
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        RefusedExactly<CheckpointException>($"{Weights}: tensor 'a': expected 0 or 1, not 2 as element 2, found BOOL [3].",
            () => file.Read<int>("a"));
    }

    [Fact]
    public void A_number_too_large_for_float_is_refused_and_infinity_is_not()
    {
        byte[] data = [.. new[] { double.PositiveInfinity, double.NaN, 1, -1e39 }.SelectMany(BitConverter.GetBytes)];
        File.WriteAllBytes(Weights,
            SafetensorsBytes.Of("""{"a":{"dtype":"F64","shape":[3],"data_offsets":[0,24]}"""
                + ""","b":{"dtype":"F64","shape":[1],"data_offsets":[24,32]}}""", data));
        using SafetensorsFile file = SafetensorsFile.Open(Weights);
        Assert.Equal([float.PositiveInfinity, float.NaN, 1], file.Read<float>("a"));
        Assert.Equal([-1e39], file.Read<double>("b"));
        RefusedExactly<CheckpointException>(
            $"{Weights}: tensor 'b': expected numbers within the range of Single, not -1E+39 as element 0, found F64 [1].",
            () => file.Read<float>("b"));
    }

    [Fact]
    public void A_sentence_stays_short_and_printable_whatever_the_name()
    {
        string name = "\u001b[31m" + new string('x', 5000);
        string message = Refuse(SafetensorsBytes.Of("{\"" + name.Replace("\u001b", "\\u001b") + "\":{}}"));
        Assert.StartsWith($"{Weights}: tensor '?[31mxxx", message);
        Assert.InRange(message.Length, 0, Weights.Length + 200);
    }

    private string Refuse(byte[] bytes)
    {
        File.WriteAllBytes(Weights, bytes);
        return Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Weights)).Message;
    }
}
