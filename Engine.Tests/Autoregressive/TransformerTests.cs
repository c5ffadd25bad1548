using Engine.Models.Autoregressive.Text;

namespace Engine.Tests.Autoregressive;

public sealed class TransformerTests() : IsolatedTests(threads: 2)
{
    private static readonly TransformerOptions s_tiny = new(11) { Block = 24, Layers = 2, Heads = 2, Width = 16 };

    [Fact]
    public void In_nanoGPT_s_setting_it_has_as_many_parameters_as_that()
    {
        using Transformer model = new(new TransformerOptions(65), ModuleOptions.FromSeed(1, Cpu));

        // 4 layers of 12 width² and two normalisations, one more of those, embeddings of 65 tokens and 64 positions.
        Assert.Equal((4 * ((12 * 128 * 128) + (4 * 128))) + 256 + ((65 + 64) * 128), model.ParameterCount);
    }

    [Theory, Values(PositionKind.Learned, PositionKind.Sinusoidal)]
    public void A_token_changes_no_logit_before_it_and_some_at_each_place_from_it_on(PositionKind positions)
    {
        using Transformer model = new(s_tiny with { Positions = positions }, ModuleOptions.FromSeed(1, Cpu));
        int[] tokens = Tokens(24);
        float[] before = Logits(model, tokens);
        for (int place = 0; place < tokens.Length; place++)
        {
            int[] changed = [.. tokens];
            changed[place] = (changed[place] + 1) % 11;
            float[] after = Logits(model, changed);
            Assert.Equal(before[..(place * 11)], after[..(place * 11)]);
            for (int later = place; later < tokens.Length; later++) Assert.NotEqual(
                before[(later * 11)..((later + 1) * 11)], after[(later * 11)..((later + 1) * 11)]);
        }
    }

    [Fact]
    public void Positions_are_told_apart()
    {
        foreach (PositionKind positions in Enum.GetValues<PositionKind>())
        {
            using Transformer model = new(s_tiny with { Positions = positions }, ModuleOptions.FromSeed(1, Cpu));
            float[] logits = Logits(model, new int[24]);
            Assert.Equal(24, Enumerable.Range(0, 24).Select(place => logits[place * 11]).Distinct().Count());
        }
    }

    [Theory]
    [InlineData(PositionKind.Learned, false)]
    [InlineData(PositionKind.Sinusoidal, true)]
    public void Gradients_agree_with_differences(PositionKind positions, bool bias)
    {
        TransformerOptions extents = new(5) { Block = 4, Layers = 1, Heads = 2, Width = 4, Positions = positions, Bias = bias };
        using Transformer model = new(extents, new ModuleOptions(new RandomStream(3), Cpu, DType.Float64));
        double[][] values = [.. model.Parameters.Select(parameter => parameter.ToDoubles())];

        // Embeddings of deviation 0.02 would leave every gradient too small to be told from its rounding.
        for (int i = 0; i < values.Length; i++)
        {
            for (int k = 0; k < values[i].Length; k++) values[i][k] = (10 * values[i][k]) + (0.1 * Math.Sin(k + i));
            model.Parameters[i].Storage.CopyFrom<double>(values[i]);
        }

        Differences.AtElements(
            model, () => model.Loss(Tensor.From([0, 3, 1, 1, 4, 2, 2, 0], [2, 4]), Tensor.From([3, 1, 1, 2, 2, 2, 0, 4], [2, 4])), 1e-6,
            length => Enumerable.Range(0, length).Where(place => place % 3 == 0));
    }

    [Fact]
    public void A_text_of_the_engine_s_own_is_learned_beyond_the_frequencies_of_its_letters()
    {
        TextDataset text = TextDatasets.Load("sentences", new DataOptions { Count = 20_000 });
        using Transformer model = new(
            new TransformerOptions(text.Vocabulary.Count) { Block = 32, Layers = 2, Heads = 2, Width = 32 },
            ModuleOptions.FromSeed(1, Cpu));
        using TransformerTraining training = new(model, new TransformerTrainingOptions(600) { LearningRate = 5e-3, WarmUp = 20 });
        TextWindows windows = new(text.Train, 8, 32, seed: 1), validation = new(text.Validation, 16, 32);
        double first = training.Validate(validation);
        for (int i = 0; i < 600; i++) training.Step(windows.Next());
        double last = training.Validate(validation);
        Assert.InRange(first, Math.Log(text.Vocabulary.Count) - 0.1, Math.Log(text.Vocabulary.Count) + 0.1);
        Assert.InRange(last, 0.3, 1.2);

        int[] drawn = new TextGenerator(model)
            .Continue(text.Vocabulary.Encode("The "), 200, new TokenSampling { TopP = 0.9 }, new RandomStream(1));
        string[] words = text.Vocabulary.Decode(drawn).Split([' ', '.', '\n'], StringSplitOptions.RemoveEmptyEntries)[1..^1];
        string[] known = Sentences.Make(50_000).ToLowerInvariant().Split([' ', '.', '\n']);
        Assert.True(words.Count(word => known.Contains(word.ToLowerInvariant())) > 0.7 * words.Length, string.Join(' ', words));
    }

    [Fact]
    public void Without_a_loss_over_the_whole_validation_text_no_token_is_left_out()
    {
        using Transformer model = new(s_tiny, ModuleOptions.FromSeed(1, Cpu));
        using TransformerTraining training = new(model, new TransformerTrainingOptions(10));
        int[] tokens = Tokens(24 * 3 + 6);
        double expected = 0;
        for (int start = 0; start < tokens.Length - 1; start += 24)
        {
            int length = Math.Min(24, tokens.Length - 1 - start);
            using Tape tape = new(Cpu, record: false);
            expected += length * model.Loss(
                Tensor.From(tokens[start..(start + length)], [1, length]),
                Tensor.From(tokens[(start + 1)..(start + length + 1)], [1, length])).Item();
        }

        Assert.Equal(expected / (tokens.Length - 1), training.Validate(new TextWindows(tokens, 2, 24)), 1e-6);
    }

    [Theory, Values(1, 5, 24, 40)]
    public void Sampling_with_a_cache_draws_the_same_tokens_as_without(int prompt)
    {
        using Transformer model = new(s_tiny with { Dropout = 0.1 }, ModuleOptions.FromSeed(1, Cpu));
        int[] first = Tokens(prompt);
        TextGenerator generator = new(model);
        int[] without = generator.Continue(first, 60, new TokenSampling(), new RandomStream(9), useCache: false);
        Assert.Equal(without, generator.Continue(first, 60, new TokenSampling(), new RandomStream(9)));
        Assert.True(without.Distinct().Count() > 5);
        Assert.True(model.IsTraining);
    }

    [Fact]
    public void Logits_with_a_cache_are_those_without_to_the_bit()
    {
        using Transformer model = new(s_tiny, ModuleOptions.FromSeed(1, Cpu));
        int[] tokens = Tokens(24);
        float[] whole = Logits(model, tokens);
        using TransformerCache cache = model.NewCache(1);
        for (int place = 0; place < tokens.Length; place++)
        {
            using Tape tape = new(Cpu, record: false);
            Assert.Equal(whole[(place * 11)..((place + 1) * 11)], model.Forward(Tensor.From([tokens[place]], [1, 1]), cache).ToArray());
        }
    }

    [Fact]
    public void Training_gives_back_all_memory_of_a_step()
    {
        using Transformer model = new(s_tiny with { Dropout = 0.1 }, ModuleOptions.FromSeed(1, Cpu));
        using TransformerTraining training = new(model, new TransformerTrainingOptions(10));
        TextWindows windows = new(Tokens(200), 3, 24);
        training.Step(windows.Next());
        long before = Cpu.MemoryInUse;
        for (int i = 0; i < 5; i++) training.Step(windows.Next());
        Assert.Equal(before, Cpu.MemoryInUse);
    }

    [Fact]
    public void What_does_not_fit_is_refused_by_name()
    {
        Misfits("Transformer: Width must be a multiple of the 3 heads, was 16.", s_tiny with { Heads = 3 });
        Misfits("Transformer: Layers must be at least 1, was 0.", s_tiny with { Layers = 0 });
        Misfits("Transformer: Dropout must be in [0, 1), was 1.", s_tiny with { Dropout = 1 });
        using Transformer model = new(s_tiny, ModuleOptions.FromSeed(1, Cpu));
        using Tape tape = new(Cpu);
        Refused("the block has 24 positions, found positions 0 to 25", () => model.Forward(Tensor.From(new int[25], [1, 25])));
        Refused("expected tokens of Int32 [batch, time]", () => model.Forward(Tensor.Zeros([1, 4])));

        void Misfits(string message, TransformerOptions extents) =>
            RefusedExactly(message, () => new Transformer(extents, ModuleOptions.FromSeed(1, Cpu)));
    }

    private static int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(i => ((i * i) + (3 * i)) % 11)];

    private float[] Logits(Transformer model, int[] tokens)
    {
        using Tape tape = new(Cpu, record: false);
        return model.Forward(Tensor.From(tokens, [1, tokens.Length])).ToArray();
    }
}
