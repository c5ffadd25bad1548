using Engine.Models.Autoregressive.Text;

namespace Engine.Tests.Autoregressive;

public sealed class CharacterRnnTests : IsolatedTests
{
    [Fact]
    public void Streams_go_on_where_the_batch_before_ended()
    {
        int[] text = [.. Enumerable.Range(0, 27)];
        TextStreams streams = new(text, batch: 2, block: 4);
        Assert.Equal(3, streams.Count);
        Assert.True(streams.IsAtStart);
        TextBatch first = streams.Next();
        Assert.Equal([0, 1, 2, 3, 13, 14, 15, 16], first.Inputs);
        Assert.Equal([1, 2, 3, 4, 14, 15, 16, 17], first.Targets);
        Assert.False(streams.IsAtStart);
        Assert.Equal([4, 5, 6, 7, 17, 18, 19, 20], streams.Next().Inputs);
        streams.Next();
        Assert.True(streams.IsAtStart);
        Assert.Equal([0, 1, 2, 3, 13, 14, 15, 16], streams.Next().Inputs);
        RefusedExactly<DataException>("2 streams in pieces of 14 characters need a text of at least 29, found 27.",
            () => new TextStreams(text, 2, 14));
    }

    [Theory, Values(RecurrentCell.Lstm, RecurrentCell.Gru)]
    public void A_character_changes_no_logit_before_it(RecurrentCell cell)
    {
        using CharacterRnn model = new(5, 8, ModuleOptions.FromSeed(1, Cpu), layers: 2, cell);
        using Tape tape = new(Cpu, record: false);
        int[] text = [0, 3, 1, 4, 2, 2, 0];
        float[] before = model.Forward(Tensor.From(text, [1, 7])).ToArray();
        for (int j = 0; j < 7; j++)
        {
            int[] moved = [.. text];
            moved[j] = (moved[j] + 1) % 5;
            float[] after = model.Forward(Tensor.From(moved, [1, 7])).ToArray();
            Assert.Equal(before[..(5 * j)], after[..(5 * j)]);
            Assert.NotEqual(before[(5 * j)..(5 * (j + 1))], after[(5 * j)..(5 * (j + 1))]);
            Assert.NotEqual(before[^5..], after[^5..]);
        }
    }

    [Theory, Values(RecurrentCell.Lstm, RecurrentCell.Gru)]
    public void What_a_piece_has_begun_only_a_state_that_is_carried_on_can_end(RecurrentCell cell)
    {
        // Two words that end in what they begin with, in pieces that cut most of them: what gradients learn from whole words, the carried
        // state has to know of cut ones.
        const string Words = "axx1bxx2";
        string text = string.Concat(Enumerable.Range(0, 100).Select(i => Words[(i * i % 11 % 2 * 4)..][..4]));
        CharacterVocabulary vocabulary = new(Words);
        TextStreams streams = new(vocabulary.Encode(text), 4, 3);
        using CharacterRnn model = new(vocabulary.Count, 12, ModuleOptions.FromSeed(2, Cpu), layers: 1, cell);
        using CharacterRnnTraining training = new(model, streams, 300, rate: 0.03);
        long before = Cpu.MemoryInUse;
        for (int step = 0; step < 300; step++) training.Step();
        Assert.Equal(before, Cpu.MemoryInUse);

        // Which word comes next is a coin, more or less: log 2 nats in four characters. The digit can be known; guessed, it would cost as
        // much again.
        double nats = training.Validate(vocabulary.Encode(text));
        Assert.InRange(nats, 0, (Math.Log(2) / 4) + 0.04);
        Assert.Equal("xx1", vocabulary.Decode(
            model.Sample(vocabulary.Encode("a"), 3, new TokenSampling { Temperature = 0 }, new RandomStream(1))));
        Assert.Equal("xx2", vocabulary.Decode(
            model.Sample(vocabulary.Encode("b"), 3, new TokenSampling { Temperature = 0 }, new RandomStream(1))));
    }

    [Fact]
    public void Validation_reads_every_character()
    {
        // Longer than what is read at once, and by no whole number of times; the last characters are unlike all before them.
        int[] text = [.. Enumerable.Range(0, 1300).Select(i => i % 3), 6, 5, 4];
        using CharacterRnn model = new(7, 6, ModuleOptions.FromSeed(1, Cpu));
        using CharacterRnnTraining training = new(model, new TextStreams(text, 2, 5), 1);
        using Tape tape = new(Cpu, record: false);
        using CarriedState state = model.NewState(1);
        Tensor logits = model.Forward(Tensor.From(text[..^1], [1, text.Length - 1]), state, out _);
        Assert.Equal(Loss.CrossEntropy(logits, Tensor.From(text[1..], [1, text.Length - 1])).Item(), training.Validate(text), 1e-5);
        Refused<DataException>("at least two characters, found 1", () => training.Validate(new[] { 1 }));
    }

    [Fact]
    public void Writing_is_a_function_of_the_random_stream()
    {
        using CharacterRnn model = new(7, 6, ModuleOptions.FromSeed(1, Cpu), dropout: 0.3);
        int[] one = model.Sample([1, 2], 40, new TokenSampling(), new RandomStream(5));
        Assert.Equal(one, model.Sample([1, 2], 40, new TokenSampling(), new RandomStream(5)));
        Assert.NotEqual(one, model.Sample([1, 2], 40, new TokenSampling(), new RandomStream(6)));
        Assert.True(model.IsTraining);
        Assert.Throws<ArgumentException>(() => model.Sample([], 1, new TokenSampling(), new RandomStream(1)));
    }
}
