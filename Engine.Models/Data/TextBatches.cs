using Engine.Autograd.Checkpoints;

namespace Engine.Models.Data;

/// <summary>Pieces of a text, and for each of their characters the one that follows.</summary>
/// <param name="Inputs">Characters, <paramref name="Count"/> x <paramref name="Length"/>.</param>
/// <param name="Targets">What follows each, as many.</param>
/// <param name="Count">The pieces.</param>
/// <param name="Length">The characters of a piece.</param>
public readonly record struct TextBatch(int[] Inputs, int[] Targets, int Count, int Length);

/// <summary>
/// Batches of pieces of a text that follow each other: a text is cut into as many streams as a batch has pieces, and each batch holds the
/// next piece of every stream, so that the state after one is the state before the next. For truncated backpropagation through time.
/// </summary>
public sealed class TextStreams : IStateful
{
    private readonly ReadOnlyMemory<int> _tokens;
    private readonly int[] _inputs, _targets;
    private readonly int _stride;
    private long _next;

    /// <summary>Streams of a text.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="batch">How many streams.</param>
    /// <param name="block">Characters in a piece.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no stream, or no characters in a piece, or too many of both.</exception>
    /// <exception cref="DataException">The text is shorter than one piece of each stream and the character after it.</exception>
    public TextStreams(ReadOnlyMemory<int> tokens, int batch, int block)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        (_tokens, Batch, Block, _stride) = (tokens, batch, block, (tokens.Length - 1) / batch);
        if (_stride < block)
            throw new DataException(
                $"{batch} streams in pieces of {block} characters need a text of at least {((long)batch * block) + 1}, found "
                + $"{tokens.Length}.");
        (_inputs, _targets) = (new int[ArrayLength.Of(nameof(TextStreams), nameof(batch), batch, block)], new int[batch * block]);
    }

    /// <summary>How many streams.</summary>
    public int Batch { get; }

    /// <summary>Characters in a piece.</summary>
    public int Block { get; }

    /// <summary>The batches after which every stream starts over; what is left of a stream, less than a piece, is left out.</summary>
    public int Count => _stride / Block;

    /// <summary>Whether the next batch is the first of the streams: the state before it is none.</summary>
    public bool IsAtStart => _next % Count == 0;

    /// <summary>The next piece of every stream. Its arrays serve the next batch too.</summary>
    public TextBatch Next()
    {
        int piece = (int)(_next++ % Count) * Block;
        for (int i = 0; i < Batch; i++)
        {
            int start = (i * _stride) + piece;
            _tokens.Span.Slice(start, Block).CopyTo(_inputs.AsSpan(i * Block));
            _tokens.Span.Slice(start + 1, Block).CopyTo(_targets.AsSpan(i * Block));
        }

        return new TextBatch(_inputs, _targets, Batch, Block);
    }

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        _next = visitor.Number("next", _next, 0, StateVisitor.MostCount);
    }
}

/// <summary>
/// Batches of pieces of a text. For training the pieces are drawn anywhere, each batch a function of the seed and of how many were drawn
/// before: that count is all there is to save, and training resumes to the bit. For validation they follow each other through the whole
/// text.
/// </summary>
public sealed class TextWindows : IStateful
{
    private const ulong WindowStream = 0x77696e64;
    private readonly ReadOnlyMemory<int> _tokens;
    private readonly ulong _key;
    private readonly int[] _inputs, _targets;
    private long _drawn;

    /// <summary>Pieces of a text.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="batch">Pieces in a batch.</param>
    /// <param name="block">Characters in a piece.</param>
    /// <param name="seed">What the draws depend on.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There are no pieces in a batch, or no characters in a piece, or too many of both.
    /// </exception>
    /// <exception cref="DataException">The text is shorter than a piece and the character after it.</exception>
    public TextWindows(ReadOnlyMemory<int> tokens, int batch, int block, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        if (tokens.Length <= block) throw new DataException(
            $"A block of {block} characters needs a text of at least {block + 1}, found {tokens.Length}.");
        (_tokens, Batch, Block, _key) = (tokens, batch, block, CounterRandom.Key(seed, WindowStream));
        (_inputs, _targets) = (new int[ArrayLength.Of(nameof(TextWindows), nameof(batch), batch, block)], new int[batch * block]);
    }

    /// <summary>Pieces in a batch.</summary>
    public int Batch { get; }

    /// <summary>Characters in a piece.</summary>
    public int Block { get; }

    /// <summary>Draws the next batch. Its arrays serve the next one too.</summary>
    public TextBatch Next()
    {
        ulong first = (ulong)_drawn++ * (ulong)Batch;
        for (int i = 0; i < Batch; i++)
        {
            int start = (int)Math.BigMul(CounterRandom.At(_key, first + (ulong)i), (ulong)(_tokens.Length - Block), out _);
            _tokens.Span.Slice(start, Block).CopyTo(_inputs.AsSpan(i * Block));
            _tokens.Span.Slice(start + 1, Block).CopyTo(_targets.AsSpan(i * Block));
        }

        return new TextBatch(_inputs, _targets, Batch, Block);
    }

    /// <summary>
    /// The whole text in pieces that follow each other, so that every character but the first is a target once; the last piece is what is
    /// left.
    /// </summary>
    public IEnumerable<TextBatch> All()
    {
        int whole = (_tokens.Length - 1) / Block;
        for (int piece = 0, count; piece < whole; piece += count)
        {
            count = Math.Min(Batch, whole - piece);
            yield return Piece(piece * Block, count, Block);
        }

        if (whole * Block < _tokens.Length - 1) yield return Piece(whole * Block, 1, _tokens.Length - 1 - (whole * Block));
    }

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        _drawn = visitor.Number("drawn", _drawn, 0, StateVisitor.MostCount);
    }

    private TextBatch Piece(int start, int count, int length) => new(
        _tokens.Slice(start, count * length).ToArray(), _tokens.Slice(start + 1, count * length).ToArray(), count, length);
}
