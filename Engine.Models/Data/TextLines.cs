namespace Engine.Models.Data;

/// <summary>
/// The lines of a text as sequences of characters, each with a beginning and an end: nine tenths to train on, the last tenth to validate
/// with. Batches are a function of the seed, the epoch and the step. Lines of about one length come together, so that little is padding.
/// </summary>
public sealed class TextLines
{
    private const ulong OrderStream = 0x6c696e65;

    // Batches whose lines are drawn together and then sorted by length.
    private const int Pool = 32;
    private readonly ulong _seed;
    private (int Epoch, int Size, int[][] Batches)? _epoch;

    /// <summary>The lines of a text.</summary>
    /// <param name="text">The text. One that the engine has made of sentences is cut behind each of them.</param>
    /// <param name="longest">The most characters of a line; longer ones, and empty ones, are left out.</param>
    /// <param name="seed">What the order of the lines depends on.</param>
    /// <exception cref="DataException">There are fewer than ten lines.</exception>
    public TextLines(TextDataset text, int longest, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        (Name, Vocabulary, Longest, _seed) = (text.Name, text.Vocabulary, longest, seed);
        string all = text.Vocabulary.Decode(text.Tokens.Span);
        if (text.Name == TextDatasets.SentencesName) all = all.Replace(". ", ".\n", StringComparison.Ordinal);
        string[] lines = all.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        // What is cut off at the end of a generated text is no sentence.
        if (text.Name == TextDatasets.SentencesName && !all.TrimEnd(' ').EndsWith('\n')) lines = lines[..^1];
        int[][] encoded = [.. lines.Select(Vocabulary.Encode).Where(line => line.Length <= longest)];
        LeftOut = lines.Length - encoded.Length;
        const int Least = 10;
        if (encoded.Length < Least) throw new DataException(
            $"{text.Name}: expected at least {Least} lines of at most {longest} characters, found {encoded.Length} of {lines.Length}.");
        int trained = encoded.Length * 9 / 10;
        (Train, Validation) = (encoded[..trained], encoded[trained..]);
    }

    /// <summary>What the text is called.</summary>
    public string Name { get; }

    /// <summary>The characters of the whole text.</summary>
    public CharacterVocabulary Vocabulary { get; }

    /// <summary>The most characters of a line.</summary>
    public int Longest { get; }

    /// <summary>Lines that were too long.</summary>
    public int LeftOut { get; }

    /// <summary>The lines to train on.</summary>
    public IReadOnlyList<int[]> Train { get; }

    /// <summary>The lines to validate with.</summary>
    public IReadOnlyList<int[]> Validation { get; }

    /// <summary>The token of the end of a line, and of its beginning.</summary>
    public int End => Vocabulary.Count;

    /// <summary>The token of a character that is left out.</summary>
    public int Unknown => Vocabulary.Count + 1;

    /// <summary>A line as text, up to its end.</summary>
    /// <param name="tokens">Characters, and behind them the end, or not.</param>
    public string Decode(ReadOnlySpan<int> tokens)
    {
        int end = tokens.IndexOf(End);
        return Vocabulary.Decode(end < 0 ? tokens : tokens[..end]);
    }

    /// <summary>Batches of an epoch; what is left of it, less than a batch, is left out.</summary>
    /// <param name="size">Lines in a batch.</param>
    /// <exception cref="DataException">There are fewer lines than that.</exception>
    public int BatchesPerEpoch(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return size <= Train.Count ? Train.Count / size : throw new DataException(
            $"A batch of {size} lines was expected, found {Train.Count} lines to train on in {Name}.");
    }

    /// <summary>A batch of lines to train on.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="step">The step in it, from 0.</param>
    /// <param name="size">Lines in a batch.</param>
    /// <exception cref="DataException">There are fewer lines than that.</exception>
    public LineBatch Batch(int epoch, int step, int size)
    {
        int count = BatchesPerEpoch(size);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, count);
        if (_epoch is not var (known, cut, batches) || known != epoch || cut != size)
            _epoch = (epoch, size, batches = Cut(epoch, size, count));
        return Batch([.. batches[step].Select(line => Train[line])]);
    }

    /// <summary>Lines side by side.</summary>
    /// <param name="lines">The lines, at least one, each as its characters.</param>
    public LineBatch Batch(IReadOnlyList<int[]> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentOutOfRangeException.ThrowIfLessThan(lines.Count, 1);
        return LineBatch.Of(lines, End);
    }

    /// <summary>The first lines to validate with, in batches of lines of about one length.</summary>
    /// <param name="size">Lines in a batch; the last may have fewer.</param>
    /// <param name="most">How many lines, at most.</param>
    public IEnumerable<LineBatch> ValidationBatches(int size, int most = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return Validation.Take(most).OrderBy(line => line.Length).Chunk(size).Select(lines => Batch(lines));
    }

    // All lines in an order of their own, sorted by length in pools of some batches; then the batches in an order of their own.
    private int[][] Cut(int epoch, int size, int count)
    {
        CounterRandom random = new(CounterRandom.Key(_seed, OrderStream, (ulong)epoch));
        int[] lines = [.. Enumerable.Range(0, Train.Count)];
        random.Shuffle(lines);
        for (int first = 0; first < lines.Length; first += Pool * size)
            Array.Sort(lines, first, Math.Min(Pool * size, lines.Length - first),
                Comparer<int>.Create((a, b) => Train[a].Length != Train[b].Length ? Train[a].Length - Train[b].Length : a - b));
        int[][] batches = [.. lines.Chunk(size).Take(count)];
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order);
        return [.. order.Select(i => batches[i])];
    }
}

/// <summary>Lines side by side, each with its end, and padding behind it.</summary>
/// <param name="Elements">The characters and the end of each line, <paramref name="Count"/> x <paramref name="Steps"/>.</param>
/// <param name="Inputs">The same one step later, the first being the beginning.</param>
/// <param name="Targets">As the elements, but -1 where there is padding.</param>
/// <param name="Lengths">The characters of each line, its end included.</param>
/// <param name="Count">Lines.</param>
/// <param name="Steps">Characters of the longest, its end included.</param>
public sealed record LineBatch(int[] Elements, int[] Inputs, int[] Targets, int[] Lengths, int Count, int Steps)
{
    /// <summary>
    /// The same with some of the characters left out of the inputs (word dropout, Bowman et al. 2016, section 3.2): a decoder that cannot
    /// rely on what came before has to ask the latent.
    /// </summary>
    /// <param name="share">The probability that a character is left out, from 0 to 1.</param>
    /// <param name="uniform">A draw from [0, 1) for each input.</param>
    /// <param name="unknown">The token that takes its place.</param>
    /// <exception cref="ArgumentException">There is not one draw for each input.</exception>
    public LineBatch LeftOut(double share, ReadOnlySpan<float> uniform, int unknown)
    {
        if (uniform.Length != Inputs.Length) throw new ArgumentException(
            $"LeftOut: {Inputs.Length} draws were expected, found {uniform.Length}.");
        int[] inputs = [.. Inputs];
        for (int i = 0; i < inputs.Length; i++)
            if (i % Steps > 0 && uniform[i] < share) inputs[i] = unknown;
        return this with { Inputs = inputs };
    }

    internal static LineBatch Of(IReadOnlyList<int[]> lines, int end)
    {
        int count = lines.Count, steps = lines.Max(line => line.Length) + 1;
        int length = ArrayLength.Of(nameof(LineBatch), nameof(lines), count, steps);
        int[] elements = new int[length], inputs = new int[length], targets = new int[length];
        Array.Fill(elements, end);
        Array.Fill(inputs, end);
        Array.Fill(targets, -1);
        for (int i = 0; i < count; i++)
        {
            lines[i].CopyTo(elements, i * steps);
            lines[i].CopyTo(inputs, (i * steps) + 1);
            lines[i].CopyTo(targets, i * steps);
            targets[(i * steps) + lines[i].Length] = end;
        }

        return new LineBatch(elements, inputs, targets, [.. lines.Select(line => line.Length + 1)], count, steps);
    }
}
