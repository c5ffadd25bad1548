using System.Text;

namespace Engine.Tests.Data;

public sealed class TextDatasetTests : IsolatedTests
{
    [Fact]
    public void A_text_is_numbered_by_character_and_comes_back_the_same()
    {
        TextDataset data = new("mine", "hello world, hello 🌍 and all of you");
        Assert.Equal("hello world, hello 🌍 and all of you", data.Vocabulary.Decode(data.Tokens.Span));
        Assert.Equal(data.Vocabulary.Characters.Order(), data.Vocabulary.Characters);
        Assert.Equal(data.Count, data.Vocabulary.Encode("hello world, hello 🌍 and all of you").Length);
    }

    [Fact]
    public void The_first_nine_tenths_are_trained_on()
    {
        TextDataset data = new("mine", new string([.. Enumerable.Range(0, 105).Select(i => (char)('a' + (i % 26)))]));
        Assert.Equal((94, 11), (data.Train.Length, data.Validation.Length));
        Assert.Equal(data.Tokens.ToArray(), (int[])[.. data.Train.Span, .. data.Validation.Span]);
    }

    [Fact]
    public void An_unknown_character_is_named()
    {
        RefusedExactly<DataException>("The character 'é' (U+00E9) at place 2 is none of the 3 of the vocabulary.",
            () => new CharacterVocabulary("abc").Encode("abé"));
    }

    [Theory]
    [InlineData("\n", "line feed (U+000A)"), InlineData("\u0007", "U+0007"), InlineData(" ", "space (U+0020)")]
    [InlineData("\u2028", "line separator (U+2028)"), InlineData("\u200B", "U+200B"), InlineData("🌍", "'🌍' (U+1F30D)")]
    public void A_character_that_cannot_be_seen_is_named_on_one_line(string character, string named)
    {
        RefusedExactly<DataException>($"The character {named} at place 1 is none of the 2 of the vocabulary.",
            () => new CharacterVocabulary("ab").Encode("a" + character));
    }

    [Fact]
    public void A_prompt_is_made_of_the_characters_of_the_text()
    {
        TextDataset lines = new("lines", "one two three\nfour five six"), line = new("line", "one two three, four five six");
        Assert.Equal(("\n", "o"), (lines.Prompt(null), line.Prompt(null)));
        Assert.Equal("two", line.Prompt("two"));
        RefusedExactly<DataException>("--prompt: expected at least one character, found none.", () => line.Prompt(""));
        RefusedExactly<DataException>(
            "--prompt: The character line feed (U+000A) at place 0 is none of the 15 of the vocabulary. line has space (U+0020), "
            + "',' (U+002C), 'e' (U+0065), 'f' (U+0066), 'h' (U+0068), 'i' (U+0069), 'n' (U+006E), 'o' (U+006F), 'r' (U+0072), "
            + "'s' (U+0073), 't' (U+0074), 'u' (U+0075), 'v' (U+0076), 'w' (U+0077), 'x' (U+0078).",
            () => line.Prompt("\n"));
    }

    [Fact]
    public void A_file_is_read_by_its_path_without_its_byte_order_mark()
    {
        string path = Folder.Put("notes.txt", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("one two three four five six")]);
        TextDataset data = TextDatasets.Load(path);
        Assert.Equal(("notes.txt", "one two three four five six"), (data.Name, data.Vocabulary.Decode(data.Tokens.Span)));
    }

    [Theory]
    [InlineData(new byte[] { 65, 66, 0, 67 }, "expected text in UTF-8, found a byte of 0 at place 2.")]
    [InlineData(new byte[] { 65, 0xFF, 66 }, "expected text in UTF-8, found bytes that are none at place 1.")]
    [InlineData(new byte[] { 65, 66 }, "expected a text of at least 20 characters, found 2.")]
    public void A_file_that_is_no_text_is_refused_by_its_name(byte[] content, string message)
    {
        string path = Folder.Put("odd.txt", content);
        string found = Assert.Throws<DataException>(() => TextDatasets.Load(path)).Message;
        Assert.Contains("odd.txt", found);
        Assert.EndsWith(message, found);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        RefusedWith<DataException>("There is no text 'goethe': known are sentences, shakespeare, or the path of a text file;",
            () => TextDatasets.Load("goethe"));
    }

    [Fact]
    public void Shakespeare_is_found_in_the_folder_of_data_sets_or_looked_for_in_all_of_them()
    {
        Folder.Put("tinyshakespeare/input.txt", Encoding.UTF8.GetBytes("To be, or not to be, that is the question."));
        DataOptions options = new() { Root = Folder.Path, CacheFolder = Folder["cache"], Download = false };
        Assert.Equal(42, TextDatasets.Load("shakespeare", options).Count);
        File.Delete(Folder["tinyshakespeare/input.txt"]);
        string message = Assert.Throws<DataException>(() => TextDatasets.Load("shakespeare", options)).Message;
        Assert.Contains("Looked for input.txt", message);
        Assert.Contains(Folder["tinyshakespeare"], message);
        Assert.Contains(Folder["cache"], message);
    }

    [Fact]
    public void The_engine_s_own_sentences_are_the_same_for_a_seed_and_agree_in_number()
    {
        string text = Sentences.Make(5000, 3);
        Assert.Equal(5000, text.Length);
        Assert.Equal(text, Sentences.Make(5000, 3));
        Assert.NotEqual(text, Sentences.Make(5000, 4));
        Assert.DoesNotMatch("(the|many) ([a-z]+ )?[a-z]+s (sees|finds|knows) ", text);
    }

    [Fact]
    public void Windows_hold_a_text_and_what_follows_and_go_on_from_where_they_were_saved()
    {
        TextDataset data = TextDatasets.Load("sentences", new DataOptions { Count = 500 });
        TextWindows windows = new(data.Train, 3, 16, seed: 7), same = new(data.Train, 3, 16, seed: 7);
        int[] starts = [.. Enumerable.Range(0, 20).Select(_ => Next(windows).Inputs[0])];
        Assert.Equal(starts, Enumerable.Range(0, 20).Select(_ => Next(same).Inputs[0]));
        Assert.True(starts.Distinct().Count() > 3);

        TextBatch Next(TextWindows from)
        {
            TextBatch batch = from.Next();
            for (int i = 0; i < 3; i++) Assert.Equal(
                batch.Inputs[((i * 16) + 1)..((i + 1) * 16)], batch.Targets[(i * 16)..(((i + 1) * 16) - 1)]);
            return batch;
        }
    }

    [Fact]
    public void The_pieces_of_all_of_a_text_have_every_character_but_the_first_as_a_target_once()
    {
        int[] tokens = [.. Enumerable.Range(0, 103)];
        TextBatch[] all = [.. new TextWindows(tokens, 4, 10).All()];
        Assert.Equal(Enumerable.Range(1, 102), all.SelectMany(batch => batch.Targets));
        Assert.Equal([(4, 10), (4, 10), (2, 10), (1, 2)], all.Select(batch => (batch.Count, batch.Length)));
    }

    [Fact]
    public void A_text_shorter_than_a_block_is_refused() =>
        RefusedExactly<DataException>("A block of 64 characters needs a text of at least 65, found 50.",
            () => new TextWindows(new int[50], 1, 64));
}
