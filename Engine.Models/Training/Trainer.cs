using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Checks;
using Engine.Models.Data;
using Engine.Models.Training.TensorBoard;

namespace Engine.Models.Training;

/// <summary>
/// Counts epochs and steps, and around them does what every training needs: shows progress, draws loss curves and writes a report, writes
/// checkpoints and resumes from them as if training had never stopped, saves before it stops, and stops at the first loss or gradient that
/// is NaN or infinite with the name of the operation and the layer.
/// </summary>
/// <remarks>
/// A checkpoint is written after an epoch, between steps when <see cref="TrainerOptions.CheckpointEvery"/> has passed since the last, and
/// before stopping. Epochs that take less than twenty times as long as a checkpoint share one. What a program draws from random streams
/// inside an epoch belongs between the loop over the steps and the end of the epoch, because the part before that loop runs again when
/// training resumes in the middle of an epoch. An evaluation there that throws because it was cancelled runs again as a whole, from the
/// random numbers that it began with.
/// </remarks>
/// <example>
/// <code>
/// foreach (int epoch in trainer.Epochs())
/// {
///     foreach (Batch batch in trainer.Steps(batches))
///     {
///         Tensor loss = Step(batch.Images);
///         trainer.Report(("loss", loss));
///     }
///
///     trainer.Record("test_loss", Evaluate());
/// }
/// </code>
/// </example>
public sealed partial class Trainer
{
    private readonly IStateful _model;
    private readonly TrainerOptions _options;
    private readonly Dictionary<Tensor, string> _names;
    private readonly List<(string Name, double Value)> _results = [];
    private readonly TrainingEvents? _events;
    private FiniteGuard? _guard;

    // The next step to be done: where a checkpoint of this moment resumes.
    private int _epoch = 1;
    private int _nextStep;
    private int? _stepCount;
    private bool _isInEpoch;
    private bool _isInStep;
    private bool _wasInterrupted;

    // The second stage that a forecast is still to look at; 0 for none.
    private int _stageAhead;

    /// <summary>
    /// Prepares training, or with <see cref="TrainerOptions.Resume"/> puts the model back into the state of a checkpoint.
    /// </summary>
    /// <param name="model">What is trained, with its optimisers; made as it was for the run that wrote the checkpoint.</param>
    /// <param name="options">The options of the training.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="CheckpointException">There is no checkpoint to resume from, or it does not fit.</exception>
    public Trainer(IStateful model, TrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Epochs);
        CheckSelection(options);
        (_model, _options) = (model, options);
        Progress = options.Progress ?? new TrainingProgress(options.Epochs, options.Clock);
        Progress.Check = CheckLoss;
        CheckpointPath = Path.Combine(Output.Path, TrainingCheckpoint.FileName);

        // Also finds two things of one name, before training and not at the first checkpoint.
        _names = Visited().Parameters;
        ParameterCount = _names.Keys.Sum(parameter => (long)parameter.Count);
        if (options.IsForecast) return;
        if (options.TensorBoard && options.Epochs > 0)
        {
            Progress.Events = _events = new TrainingEvents(Output, options.Clock);
            Output.Saved = _events.File;
        }

        if (options.Resume) Resume();
        else AnnounceEarlierCheckpoint();
    }

    /// <summary>What is trained.</summary>
    public string Name => _options.Name;

    /// <summary>The current epoch, from 1; 0 before the first.</summary>
    public int Epoch { get; private set; }

    /// <summary>The steps done since training began, in all epochs: the argument of a learning-rate schedule.</summary>
    public long Step { get; private set; }

    /// <summary>
    /// True once training is asked to stop. The loop over the steps ends by itself; a long evaluation takes
    /// <see cref="TrainerOptions.Stop"/>, in a training program <see cref="TrainingRun.Stopping"/>, and is cancelled by it.
    /// </summary>
    public bool IsStopping => _options.Stop.IsCancellationRequested;

    /// <summary>The number of parameters.</summary>
    public long ParameterCount { get; }

    /// <summary>Losses, speed and time left.</summary>
    public TrainingProgress Progress { get; }

    /// <summary>Where checkpoint, report, curves and pictures go. Pictures that are saved there are shown in the report.</summary>
    public OutputFolder Output => _options.Output;

    /// <summary>What was recorded outside of epochs: the results of the whole training.</summary>
    public IReadOnlyList<(string Name, double Value)> Results => _results.AsReadOnly();

    /// <summary>Whether the loop over the epochs was begun.</summary>
    internal bool HasBegun { get; private set; }

    /// <summary>Whether all epochs are done, and what was measured and drawn since then is no part of a checkpoint.</summary>
    internal bool IsDone => HasBegun && (_epoch > _options.Epochs || HasStoppedEarly);

    /// <summary>Whether a forecast has come to a second stage, for which any batch will do.</summary>
    internal bool KeepsBatch => _options.IsForecast && Epoch > 1;

    /// <summary>How many samples the current step takes.</summary>
    internal int StepSamples { get; set; } = 1;

    /// <summary>The epochs that are still to be done, counted from 1, until all are done or training is asked to stop.</summary>
    /// <param name="reportEvery">The number of epochs between printed lines.</param>
    /// <param name="secondStage">
    /// The first epoch of a second stage, whose steps train something else (which it is says <see cref="Epoch"/> inside the loop over the
    /// steps): the memory that a step of it takes is forecast too. 0 for a training of one stage.
    /// </param>
    /// <exception cref="IOException">The folder for results cannot be written.</exception>
    /// <exception cref="CheckpointException">A checkpoint cannot be written.</exception>
    public IEnumerable<int> Epochs(int reportEvery = 1, int secondStage = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reportEvery, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(secondStage);
        if (_options.IsForecast)
        {
            (Epoch, _isInEpoch, _stageAhead) = (1, true, secondStage > 1 && secondStage <= _options.Epochs ? secondStage : 0);
            yield return Epoch;
            throw new ForecastEndException();
        }

        // A folder that cannot be written is found out before training, not after an epoch of it.
        Output.Prepare();
        HasBegun = true;
        _events?.Begin(_resumedFrom is null ? 0 : Step + 1, _options);
        _lastSaved = _options.Clock.GetTimestamp();
        if (_bestFrom is { } best) CopyBest(best);
        using FiniteGuard guard = _guard =
            new FiniteGuard(_names.GetValueOrDefault, () => _isInStep ? $"step {_nextStep + 1} of epoch {Epoch}" : $"epoch {Epoch}");
        try
        {
            if (_nextStep == 0 && IsOutOfPatience(_epoch - 1)) StopEarly();
            while (_epoch <= _options.Epochs && !IsStopping && !_wasInterrupted && !HasStoppedEarly)
            {
                (Epoch, _stepCount, _isInEpoch, _isInStep) = (_epoch, null, true, false);
                Progress.BeginEpoch(Epoch);
                yield return Epoch;
                if (!_wasInterrupted) Validate();
                _isInEpoch = _isInStep = false;
                EndEpoch(reportEvery);
            }

            if (IsDone) RestoreBest();
            _events?.End(Epoch, Step + 1);
        }
        finally
        {
            if (guard.Found is not null) WriteReport(guard.Found.Message);
            else if (_isInEpoch && IsStopping) EndInEvaluation();
            _events?.Leave(Epoch, Step + 1);
            _guard = null;
        }
    }

    /// <summary>The steps that are still to be done of the current epoch, each with a batch of the loader.</summary>
    /// <exception cref="InvalidOperationException">No epoch is open, or this one's steps were asked for already.</exception>
    public TrainingSteps Steps(BatchLoader batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        BeginSteps(batches.BatchesPerEpoch);
        return new TrainingSteps(this, batches.Epoch(Epoch, _nextStep));
    }

    /// <summary>The steps that are still to be done of the current epoch, counted from 0.</summary>
    /// <param name="count">How many steps an epoch has.</param>
    /// <param name="samples">How many samples a step takes.</param>
    /// <exception cref="InvalidOperationException">No epoch is open, or this one's steps were asked for already.</exception>
    public IEnumerable<int> Steps(int count, int samples = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        BeginSteps(count);
        StepSamples = samples;
        while (NextStep()) yield return _nextStep;
    }

    /// <summary>
    /// Reports the losses of the current step: scalars, or tensors of one element. What is on a device stays there until a line is shown,
    /// so that no step waits for it.
    /// </summary>
    /// <param name="losses">Names and values.</param>
    /// <exception cref="NonFiniteException">A loss that was read is NaN or infinite.</exception>
    public void Report(params ReadOnlySpan<(string Name, Reading Value)> losses) => Report(StepSamples, losses);

    /// <summary>Reports losses of a number of samples.</summary>
    /// <param name="samples">The samples that were trained on since the last report.</param>
    /// <param name="losses">Names and values.</param>
    /// <exception cref="NonFiniteException">A loss that was read is NaN or infinite.</exception>
    public void Report(int samples, params ReadOnlySpan<(string Name, Reading Value)> losses)
    {
        if (!_options.IsForecast) Progress.Report(_nextStep, _stepCount ?? 1, Step + 1, samples, losses);
    }

    /// <summary>
    /// Reports what is observed at the current step and is no loss, such as the norm of a gradient: scalars, or tensors of one element. The
    /// epoch's line has the mean, the report a curve by steps, of at most 1000 means of neighbouring steps.
    /// </summary>
    /// <param name="values">Names and values.</param>
    /// <exception cref="NonFiniteException">A value that was read is NaN or infinite.</exception>
    public void Observe(params ReadOnlySpan<(string Name, Reading Value)> values)
    {
        if (!_options.IsForecast) Progress.Observe(_nextStep, Step + 1, values);
    }

    /// <summary>Warns of what goes wrong in a training: a printed line, and one in the report. Of each kind there is one warning.</summary>
    /// <param name="kind">What kind it is, the same in each run.</param>
    /// <param name="text">A sentence.</param>
    public void Warn(string kind, string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        ArgumentException.ThrowIfNullOrEmpty(text);
        if (!_options.IsForecast) Progress.Warn(kind, text);
    }

    /// <summary>
    /// Records a metric: inside an epoch it appears in the epoch's line, in the history and in the report's curves,
    /// outside among the results of the whole training.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public void Record(string name, double value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (_isInEpoch) Progress.Record(name, value);
        else
        {
            _results.Add((name, value));
            _events?.Result(name, value);
        }
    }

    /// <summary>Ends an epoch that was gone through, or a part of one: its line, its events, its checkpoint.</summary>
    private void EndEpoch(int reportEvery)
    {
        bool isLast = Epoch == _options.Epochs || IsStopping, hasLine = Epoch % reportEvery == 0 || isLast;
        int lines = Progress.History.Count;
        if (hasLine) Progress.EndEpochs(PartOfEpoch);
        if (!_wasInterrupted)
        {
            (_epoch, _nextStep) = (Epoch + 1, 0);
            if (Progress.History.Count > lines) Judge(Progress.History[^1]);
            if (hasLine && IsOutOfPatience(Epoch)) StopEarly();
        }

        _events?.EndEpoch(Epoch, _wasInterrupted ? Step + 1 : Step);
        if (isLast || HasStoppedEarly || IsWorthSaving) SaveWithReport();
        else if (IsBest) Save();
        if (IsBest) KeepBest();
    }

    /// <summary>Ends the step that was begun, saves if it is time to, and begins the next one.</summary>
    /// <returns>False when the epoch has no more steps, or training is to stop.</returns>
    internal bool NextStep()
    {
        bool hasStepped = _isInStep;
        if (_options.IsForecast)
        {
            if (hasStepped && _stageAhead == 0) throw new ForecastEndException();
            if (hasStepped) (Epoch, _stageAhead) = (_stageAhead, 0);
            return _isInStep = true;
        }

        if (hasStepped)
        {
            _isInStep = false;
            _nextStep++;
            Step++;
        }

        (bool isDone, bool isStopping) = (_nextStep >= _stepCount, IsStopping);
        if (isDone || isStopping) Progress.ReadLosses();
        if (isStopping || (hasStepped && _options.Clock.GetElapsedTime(_lastSaved) >= _options.CheckpointEvery)) Save();
        if (isDone) _afterSteps = RandomPositions.Of(Visit);
        _wasInterrupted = isStopping && !isDone;
        return _isInStep = !isDone && !_wasInterrupted;
    }

    private void CheckLoss(ReportedLoss loss)
    {
        // The place is put into words only where there is something to say of it.
        if (!double.IsFinite(loss.Value)) _guard?.Check(loss.Name, loss.Value, $"step {loss.Step + 1} of epoch {loss.Epoch}");
    }

    private void BeginSteps(int count)
    {
        if (!_isInEpoch) throw new InvalidOperationException(
            "Steps belong into an epoch: put the loop over them into one over Trainer.Epochs.");
        if (_stepCount is not null) throw new InvalidOperationException(
            $"The steps of epoch {Epoch} were asked for twice: an epoch has one loop over its steps.");

        // Only here is known how many steps an epoch has.
        if (_nextStep > count) throw new CheckpointException(
            $"{_resumedFrom}: NextStep: expected at most {count}, the steps of an epoch, found {_nextStep}.");
        _stepCount = count;
    }
}

/// <summary>
/// The steps of an epoch that are still to be done, a batch each, to go through once with foreach. Between two steps checkpoints are
/// written, and a request to stop takes effect.
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
        if (!_trainer.NextStep() || (!_trainer.KeepsBatch && !_batches.MoveNext())) return false;
        _trainer.StepSamples = Current.Count;
        return true;
    }

    /// <summary>Returns the buffers.</summary>
    public void Dispose() => _batches.Dispose();
}
