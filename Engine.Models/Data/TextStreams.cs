using Engine.Autograd.Checkpoints;

namespace Engine.Models.Data;

/// <summary>
/// Batches of pieces of a text that follow each other: a text is cut into as many streams as a batch has pieces, and each batch holds the
/// next piece of every stream, so that the state behind one is the state before the next. For truncated backpropagation through time.
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
    /// <exception cref="ArgumentOutOfRangeException">There is no stream, or no characters in a piece.</exception>
    /// <exception cref="DataException">The text is shorter than one piece of each stream and the character behind.</exception>
    public TextStreams(ReadOnlyMemory<int> tokens, int batch, int block)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        (_tokens, Batch, Block, _stride) = (tokens, batch, block, (tokens.Length - 1) / batch);
        if (_stride < block)
            throw new DataException(
                $"{batch} streams in pieces of {block} characters need a text of at least {((long)batch * block) + 1}, found "
                + $"{tokens.Length}.");
        (_inputs, _targets) = (new int[checked(batch * block)], new int[batch * block]);
    }

    /// <summary>How many streams.</summary>
    public int Batch { get; }

    /// <summary>Characters in a piece.</summary>
    public int Block { get; }

    /// <summary>The batches after which every stream begins anew; what is left of a stream, less than a piece, is left out.</summary>
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

    /// <summary>Shows a checkpoint where the streams are.</summary>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        _next = visitor.Number("next", _next);
    }
}
