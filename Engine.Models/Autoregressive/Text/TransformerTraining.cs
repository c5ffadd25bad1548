using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Data;

namespace Engine.Models.Autoregressive.Text;

/// <summary>
/// Trains a <see cref="Transformer"/> as GPTs are trained: AdamW whose decay is for matrices only, gradients clipped by their norm, and a
/// learning rate that rises in a straight line and falls along a cosine to a tenth.
/// </summary>
public sealed class TransformerTraining : IStateful, IDisposable
{
    private readonly Parameter[] _parameters;
    private readonly AdamW _decayed;
    private readonly Adam _others;
    private readonly LearningRateSchedule _rate;
    private readonly double _largestNorm;

    /// <summary>Prepares to train a model, which stays the caller's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options of the training.</param>
    public TransformerTraining(Transformer model, TransformerTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        Model = model;
        Parameter[] matrices = [.. model.Parameters.Where(parameter => parameter.Shape.Rank > 1)],
            vectors = [.. model.Parameters.Where(parameter => parameter.Shape.Rank <= 1)];
        _parameters = [.. matrices, .. vectors];
        _decayed = new AdamW(matrices, options.LearningRate, 0.9, options.Beta2, weightDecay: options.WeightDecay);
        _others = new Adam(vectors, options.LearningRate, 0.9, options.Beta2);
        long warmUp = Math.Min(options.WarmUp, options.Steps - 1);
        _rate = LearningRateSchedules.Cosine(options.LearningRate, options.Steps - warmUp, options.LearningRate / 10);
        if (warmUp > 0) _rate = _rate.WarmedUp(warmUp);
        _largestNorm = options.LargestNorm;
    }

    /// <summary>The model.</summary>
    public Transformer Model { get; }

    /// <summary>One step.</summary>
    /// <param name="batch">Pieces of a text, and what follows each of their tokens.</param>
    /// <returns>The mean loss in nats for each token, and the norm of the gradient before it was clipped.</returns>
    public (Reading Loss, Reading Norm) Step(in TextBatch batch)
    {
        using Tape tape = new(Model.Parameters[0].Device);
        Tensor loss = Model.Loss(
            Tensor.From(batch.Inputs, [batch.Count, batch.Length]), Tensor.From(batch.Targets, [batch.Count, batch.Length]));
        Tensor[] gradients = tape.Gradients(loss, _parameters);
        Reading norm = GradientClipping.ByNorm(gradients, _largestNorm);
        _decayed.LearningRate = _others.LearningRate = _rate(_decayed.Steps);
        _decayed.Step(gradients[.._decayed.Parameters.Count]);
        _others.Step(gradients[_decayed.Parameters.Count..]);
        return (loss, norm);
    }

    /// <summary>The mean of -log p over all tokens of a text but the first, in nats, each seen from the start of its piece on.</summary>
    /// <param name="windows">The text in pieces.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch of pieces.</param>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public double Validate(TextWindows windows, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(windows);
        using IDisposable evaluation = Model.Evaluating();
        double sum = 0;
        long count = 0;
        foreach (TextBatch batch in windows.All())
        {
            cancellation.ThrowIfCancellationRequested();
            using Tape tape = new(Model.Parameters[0].Device, record: false);
            sum += Model.Loss(Tensor.From(batch.Inputs, [batch.Count, batch.Length]),
                Tensor.From(batch.Targets, [batch.Count, batch.Length])).Item() * batch.Inputs.Length;
            count += batch.Inputs.Length;
        }

        return sum / count;
    }

    /// <inheritdoc/>
    public void VisitState(StateVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Part("model", Model);
        visitor.Part("decayed", _decayed);
        visitor.Part("others", _others);
    }

    /// <summary>Releases the state of the optimizers.</summary>
    public void Dispose()
    {
        _decayed.Dispose();
        _others.Dispose();
    }
}

/// <summary>How a <see cref="Transformer"/> is trained. The defaults are nanoGPT's settings for a CPU.</summary>
/// <param name="Steps">The steps over which the learning rate falls.</param>
public sealed record TransformerTrainingOptions(long Steps)
{
    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>The steps over which it rises.</summary>
    public int WarmUp { get; init; } = 100;

    /// <summary>The decay of the mean square of the gradients.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <summary>The decay of matrices: times the learning rate, the share that is taken off in a step.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>The norm to which the gradient is clipped.</summary>
    public double LargestNorm { get; init; } = 1;

    /// <summary>Throws if a value is out of range.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    internal void Check()
    {
        if (Steps < 1) throw new ArgumentException($"TransformerTraining: Steps must be at least 1, was {Steps}.");
        if (WarmUp < 0) throw new ArgumentException($"TransformerTraining: WarmUp must be at least 0, was {WarmUp}.");
    }
}
