using System.Diagnostics;
using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Kernels;

namespace Engine.Models.Training;

// Checkpoints: when they are written, what they hold, and how training resumes from them.
public sealed partial class Trainer
{
    /// <summary>The share of the time that checkpoints and reports after epochs may take.</summary>
    private const double SavingShare = 0.05;

    private long _lastSaved;
    private TimeSpan _savingTime;
    private bool _isOwnCheckpoint;
    private string? _resumedFrom;

    // What the last checkpoint resumes at, and where the random streams were when the last step of the epoch was done.
    private (int Epoch, int NextStep)? _saved;
    private RandomPositions? _afterSteps;

    /// <summary>The checkpoint in the output folder.</summary>
    public string CheckpointPath { get; }

    /// <summary>What the last checkpoint holds, for a message; null when this training has none yet.</summary>
    internal string? LastCheckpoint { get; private set; }

    private bool IsWorthSaving => _options.Clock.GetElapsedTime(_lastSaved) * SavingShare >= _savingTime;

    private static string Place(int epoch, int nextStep) =>
        nextStep > 0 ? $"epoch {epoch}, {Count(nextStep, "step")}" : Count(epoch - 1, "epoch");

    private static string Count(int number, string unit) => number == 1 ? $"1 {unit}" : $"{number} {unit}s";

    private StateWriter Visited()
    {
        StateWriter state = new();
        Visit(state);
        return state;
    }

    private void Visit(StateVisitor visitor)
    {
        _model.VisitState(visitor);
        if (_options.Random is not null) visitor.Random("training.random", _options.Random);
    }

    /// <summary>The steps of the epoch that are done and all that it has, where those are not the same.</summary>
    private (int Steps, int Of)? PartOfEpoch => _stepCount is { } count && _nextStep < count ? (_nextStep, count) : null;

    /// <summary>
    /// Keeps the steps of an epoch whose evaluation was left because training is asked to stop. When training resumes, the evaluation
    /// begins anew, from the same random numbers.
    /// </summary>
    private void EndInEvaluation()
    {
        // Steps that were left in the middle are known up to the last checkpoint alone.
        bool areStepsDone = !_isInStep && _nextStep == _stepCount;
        _isInEpoch = _isInStep = false;
        if (areStepsDone && _saved != (_epoch, _nextStep))
        {
            _afterSteps?.Restore();
            Save();
        }

        Progress.EndEpochs(PartOfEpoch);
        WriteReport();
    }

    private void SaveWithReport()
    {
        long start = Stopwatch.GetTimestamp();
        if (!_wasInterrupted) Save();
        WriteReport();
        _savingTime = Stopwatch.GetElapsedTime(start);
    }

    private void Save()
    {
        // First what identifies the step that went wrong, then the parameters, which only show that one did.
        _guard?.CheckWaiting();
        Progress.ReadLosses();
        _events?.Flush();
        StateWriter state = Visited();
        foreach ((string name, Storage elements) in state.Weights) _guard?.Check(name, elements);
        TrainingRecord record = new()
        {
            Program = Name,
            Settings = new Dictionary<string, string>(_options.Settings),
            Epoch = _epoch,
            NextStep = _nextStep,
            Steps = Step,
            Numbers = state.Numbers,
            RandomStreams = state.RandomStreams,
            Progress = Progress.Save(),
            Pictures = [.. Pictures],
            Captions = new Dictionary<string, string>(Output.Captions),
        };
        string? keep = !_isOwnCheckpoint ? TrainingCheckpoint.EarlierName : _options.KeepPrevious ? TrainingCheckpoint.PreviousName : null;
        TrainingCheckpoint.Write(CheckpointPath, state, record, keep);
        _isOwnCheckpoint = true;
        _saved = (_epoch, _nextStep);
        _lastSaved = _options.Clock.GetTimestamp();
        LastCheckpoint = $"{CheckpointPath} ({Place(_epoch, _nextStep)})";
        Output.Remember(TrainingCheckpoint.FileName);
    }

    private void Resume()
    {
        string path = _options.ResumeFrom is { } from ? Path.GetFullPath(from) : CheckpointPath;
        if (Directory.Exists(path)) path = Path.Combine(path, TrainingCheckpoint.FileName);
        if (!File.Exists(path)) throw new CheckpointException($"There is no checkpoint to resume from: {path} does not exist.");
        using SafetensorsFile file = SafetensorsFile.Open(path);
        TrainingRecord record = TrainingCheckpoint.Read(file);
        if (record.Program != Name) throw new CheckpointException($"{path} is a checkpoint of '{record.Program}', not of '{Name}'.");
        CheckSettings(path, record.Settings);

        Restore(file, record);
        _resumedFrom = path;
        (_epoch, _nextStep, Step) = (record.Epoch, record.NextStep, record.Steps);
        Progress.Restore(record.Progress, _epoch - 1);
        ResumeSelection(path);
        foreach (string name in record.Pictures) Output.Remember(name);
        foreach ((string series, string caption) in record.Captions ?? []) Output.Describe(series, caption);
        _isOwnCheckpoint = path == CheckpointPath;
        LastCheckpoint = $"{path} ({Place(_epoch, _nextStep)})";
        string rest = _epoch > _options.Epochs && _options.Epochs > 0
            ? $" All {_options.Epochs} epochs are done; more --epochs would continue." : "";
        Progress.Print($"Resuming from {LastCheckpoint}.{rest}");
    }

    /// <summary>Sets the state of the model, or nothing where some of it does not fit.</summary>
    private void Restore(SafetensorsFile file, TrainingRecord record)
    {
        foreach (bool apply in (ReadOnlySpan<bool>)[false, true])
        {
            StateReader reader = new(file, record, apply);
            Visit(reader);
            reader.RefuseLeftovers();
        }
    }

    private void CheckSettings(string path, Dictionary<string, string> saved)
    {
        foreach (string name in saved.Keys.Union(_options.Settings.Keys))
        {
            (string? before, string? now) = (saved.GetValueOrDefault(name), _options.Settings.GetValueOrDefault(name));
            bool isNewer = before is null && _options.DefaultSettings.Contains(name);
            if (before == now || isNewer || _options.FreeSettings.Contains(name)) continue;
            throw new CheckpointException(
                $"{name}: {path} was trained with {before ?? "nothing of that name"}, this run has {now ?? "nothing of that name"}. "
                + "Training resumes only with the same value.");
        }
    }

    private void AnnounceEarlierCheckpoint()
    {
        if (!File.Exists(CheckpointPath) || _options.Epochs == 0) return;
        string what;
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(CheckpointPath);
            TrainingRecord record = TrainingCheckpoint.Read(file);
            what = $"after {Place(record.Epoch, record.NextStep)}";
        }
        catch (CheckpointException e)
        {
            what = $"which cannot be used: {e.Message}";
        }

        Progress.Print($"There is a checkpoint of an earlier run, {CheckpointPath}, {what}. --resume continues from it; this run starts "
            + "over.");
        Progress.Print($"It is kept as {TrainingCheckpoint.EarlierName} when this run writes its first.");
    }
}
