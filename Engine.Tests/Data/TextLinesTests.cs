using Engine.Models.Autoregressive.Text;
using Engine.Models.Variational.Sequences;

namespace Engine.Tests.Data;

public sealed class TextLinesTests : IsolatedTests
{
    private static readonly string s_text = string.Join('\n', Enumerable.Range(0, 40).Select(i => new string("abc"[i % 3], 1 + (i % 7))));

    [Fact]
    public void A_batch_has_the_beginning_the_end_and_padding_around_each_line()
    {
        TextLines lines = new(new TextDataset("text", s_text), longest: 5);
        Assert.Equal((40, lines.LeftOut + lines.Train.Count + lines.Validation.Count), (40, 40));
        LineBatch batch = lines.Batch([[1, 2], [3]]);
        int end = lines.End;
        Assert.Equal([1, 2, end, 3, end, end], batch.Elements);
        Assert.Equal([end, 1, 2, end, 3, end], batch.Inputs);
        Assert.Equal([1, 2, end, 3, end, -1], batch.Targets);
        Assert.Equal([3, 2], batch.Lengths);
        Assert.Equal([end, lines.Unknown, 2, end, lines.Unknown, end],
            batch.LeftOut(0.5, [0, 0.1f, 0.9f, 0, 0.2f, 0.7f], lines.Unknown).Inputs);
        Assert.Equal(lines.Vocabulary.Decode([1]), lines.Decode([1, end, 2]));
    }

    [Fact]
    public void An_epoch_has_every_line_once_in_an_order_of_its_own()
    {
        TextLines lines = new(new TextDataset("text", s_text), longest: 10, seed: 3);
        string[] first = Lines(1), again = Lines(1), second = Lines(2);
        Assert.Equal(first, again);
        Assert.NotEqual(first, second);
        Assert.Equal(first.Order(), second.Order());
        Refused<DataException>("A batch of 100 lines was expected", () => lines.BatchesPerEpoch(100));
        Refused<DataException>("expected at least 10 lines", () => new TextLines(new TextDataset("text", new string('a', 30)), 10));

        string[] Lines(int epoch) => [.. Enumerable.Range(0, lines.BatchesPerEpoch(4)).SelectMany(step =>
        {
            LineBatch batch = lines.Batch(epoch, step, 4);
            return Enumerable.Range(0, batch.Count).Select(i => lines.Decode(batch.Elements.AsSpan(i * batch.Steps, batch.Steps)));
        })];
    }

    [Fact]
    public void Generated_lines_are_sentences_of_the_grammar_and_others_are_not()
    {
        TextLines lines = new(TextDatasets.Load("sentences", new DataOptions { Count = 5000 }), longest: 200);
        Assert.All(lines.Train.Concat(lines.Validation), line => Assert.True(Sentences.IsSentence(lines.Decode(line)), lines.Decode(line)));
        string[] others = ["", "The cat see the dog.", "the cat sees the dog.", "The cat sees the dog", "Many cat see the dog.",
            "The cat sees the dog. The cat sees the dog."];
        foreach (string text in others)
            Assert.False(Sentences.IsSentence(text), text);
    }

    [Theory, Values("gru", "transformer")]
    public void What_is_written_at_a_latent_is_a_function_of_it_and_no_longer_than_a_line(string network)
    {
        TextLines lines = new(new TextDataset("text", s_text), longest: 6);
        ModuleOptions options = ModuleOptions.FromSeed(1, Cpu);
        CausalNetwork decoder = new SequenceVaeChoices { Network = network, Hidden = 8, Latent = 2, Layers = 1, Heads = 2 }
            .NewNetwork(4, 2, 7, options);
        int characters = lines.Vocabulary.Count;
        using SequenceModel model = new(new TokenElements(characters + 2, characters + 1, 4, 8, options), decoder);
        LineWriter writer = new(model, lines);
        string[] written = writer.Write([1, 2, -1, 0, 1, 2], 3, new TokenSampling { Temperature = 0 }, new RandomStream(1));
        Assert.Equal(written[0], written[2]);
        Assert.All(written, line => Assert.InRange(line.Length, 0, 6));
        Refused("latents of 2 values for each of 3 lines", () => writer.Write([1], 3, new TokenSampling(), new RandomStream(1)));
    }
}
