using Engine.Models.Data;

namespace Engine.Models.Training;

/// <summary>
/// The steps of an epoch that are still to be done, a batch each, to go through once with foreach. Between two steps checkpoints are
/// written, and a wish to stop is heard.
/// </summary>
public sealed class TrainingSteps : IDisposable
{
    private readonly Trainer _trainer;
    private readonly BatchEpoch _batches;

    internal TrainingSteps(Trainer trainer, BatchEpoch batches) => (_trainer, _batches) = (trainer, batches);

    /// <summary>The batch to train on; its buffers serve the next one as soon as <see cref="MoveNext"/> is called again.</summary>
    public Batch Current => _batches.Current;

    /// <summary>The steps themselves: what foreach calls.</summary>
    public TrainingSteps GetEnumerator() => this;

    /// <summary>Ends a step and begins the next.</summary>
    /// <returns>False when the epoch has no more steps, or training is to stop.</returns>
    public bool MoveNext()
    {
        if (!_trainer.NextStep() || !_batches.MoveNext()) return false;
        _trainer.StepSamples = Current.Count;
        return true;
    }

    /// <summary>Gives the buffers back.</summary>
    public void Dispose() => _batches.Dispose();
}
