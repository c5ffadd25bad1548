using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Data;

namespace Engine.Models.Autoregressive.Text;

/// <summary>
/// Trains a <see cref="CharacterRnn"/> by truncated backpropagation through time: the state carries over from piece to piece, gradients go
/// back to the beginning of a piece. Adam with a cosine learning rate, gradients clipped to a norm.
/// </summary>
public sealed class CharacterRnnTraining : IStateful, IDisposable
{
    private readonly CharacterRnn _model;
    private readonly Adam _adam;
    private readonly CarriedState _state;
    private readonly TextStreams _text;
    private readonly LearningRateSchedule _rate;
    private readonly double _largestNorm;

    /// <summary>Prepares training.</summary>
    /// <param name="model">The model; it is not disposed of.</param>
    /// <param name="text">The text to train on.</param>
    /// <param name="steps">The steps of the whole training, over which the learning rate falls.</param>
    /// <param name="rate">The learning rate to begin with; it ends at a fiftieth.</param>
    /// <param name="largestNorm">What the norm of the gradient is clipped to.</param>
    public CharacterRnnTraining(CharacterRnn model, TextStreams text, long steps, double rate = 2e-3, double largestNorm = 5)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(text);
        (_model, _text, _largestNorm) = (model, text, largestNorm);
        _adam = new Adam(model.Parameters, rate);
        _state = model.NewState(text.Batch);
        _rate = LearningRateSchedules.Cosine(rate, steps, rate / 50);
    }

    /// <summary>One step, on the next piece of every stream.</summary>
    /// <returns>The mean of -log p(character), in nats.</returns>
    public Reading Step()
    {
        if (_text.IsAtStart) _state.Clear();
        TextBatch batch = _text.Next();
        using Tape tape = new(_model.Parameters[0].Device);
        Tensor nats = Nats(batch, _state, out Tensor[] after);
        Tensor[] gradients = tape.Gradients(nats, _model.Parameters);
        GradientClipping.ByNorm(gradients, _largestNorm);
        _adam.LearningRate = _rate(_adam.Steps);
        _adam.Step(gradients);
        _state.Store(after);
        return nats;
    }

    /// <summary>The mean of -log p(character) over a text, read from its beginning as one stream.</summary>
    /// <param name="tokens">The text, of at least two characters.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each thousand characters.</param>
    /// <exception cref="DataException">The text is shorter.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double Validate(ReadOnlyMemory<int> tokens, CancellationToken cancellation = default)
    {
        if (tokens.Length < 2) throw new DataException($"Validate: expected a text of at least two characters, found {tokens.Length}.");
        using IDisposable evaluation = _model.Evaluating();
        using CarriedState state = _model.NewState(1);
        // Pieces that the state carries over between: their length affects nothing but memory.
        const int MostAtOnce = 1000;
        ReadOnlySpan<int> text = tokens.Span;
        double sum = 0;
        for (int start = 0, targets = text.Length - 1; start < targets; start += MostAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = Math.Min(MostAtOnce, targets - start);
            using Tape tape = new(_model.Parameters[0].Device, record: false);
            TextBatch piece = new(text.Slice(start, length).ToArray(), text.Slice(start + 1, length).ToArray(), 1, length);
            sum += length * Nats(piece, state, out Tensor[] after).Item();
            state.Store(after);
        }

        return sum / (text.Length - 1);
    }

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Part("model", _model);
        visitor.Part("adam", _adam);
        visitor.Part("text", _text);
        visitor.Part("state", _state);
    }

    /// <summary>Releases the state of the optimizer and the carried state.</summary>
    public void Dispose()
    {
        _adam.Dispose();
        _state.Dispose();
    }

    private Tensor Nats(TextBatch batch, CarriedState state, out Tensor[] after)
    {
        Tensor logits = _model.Forward(Tensor.From(batch.Inputs, [batch.Count, batch.Length]), state, out after);
        return Loss.CrossEntropy(logits, Tensor.From(batch.Targets, [batch.Count, batch.Length]));
    }
}
