using System.Globalization;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Files;

namespace Engine.Models.Training;

// What is measured on held-out data: when training stops because of it, and which epoch is kept.
public sealed partial class Trainer
{
    // The best value so far, and the last one that was better than those before by what counts as an improvement.
    private (int Epoch, double Value)? _best;
    private (int Epoch, double Value)? _improved;

    // The file to take the state of the best epoch from when training resumes; null where the output folder has it.
    private string? _bestFrom;

    /// <summary>The checkpoint of the best epoch, with <see cref="TrainerOptions.KeepBest"/>.</summary>
    public string BestCheckpointPath => Path.Combine(Output.Path, TrainingCheckpoint.BestName);

    /// <summary>The epoch in which <see cref="TrainerOptions.Monitor"/> was best so far; null where it was not measured.</summary>
    public int? BestEpoch => _best?.Epoch;

    /// <summary>Whether training has ended because of <see cref="TrainerOptions.Patience"/>.</summary>
    public bool HasStoppedEarly { get; private set; }

    private bool IsBest => _options.KeepBest && _nextStep == 0 && _best?.Epoch == _epoch - 1;

    private static void CheckSelection(TrainerOptions options)
    {
        if (options.Patience is < 1) throw new ArgumentException($"Patience must be at least 1 epoch, was {options.Patience}.");
        if (!(options.MinDelta >= 0 && double.IsFinite(options.MinDelta))) throw new ArgumentException(
            FormattableString.Invariant($"MinDelta must be a number of at least 0, was {options.MinDelta}."));
        if (options.Monitor is null && (options.Patience is not null || options.KeepBest)) throw new ArgumentException(
            $"{(options.KeepBest ? nameof(options.KeepBest) : nameof(options.Patience))}: expected the name of a metric in Monitor, found "
            + "none.");
    }

    /// <summary>Measures, and refuses a monitored value that no epochs can be compared by.</summary>
    private void Validate()
    {
        if (_options.Validate is { } validate)
            foreach ((string name, double value) in validate()) Record(name, value);
        if (_options.Monitor is { } monitored && Progress.Measured(monitored) is { } found)
            _guard?.Check(monitored, found, $"the end of epoch {Epoch}");
    }

    /// <summary>Compares what was measured after an epoch with the epochs before.</summary>
    private void Judge(EpochMeans line)
    {
        if (_options.Monitor is not { } name) return;
        bool isMeasured = line.Metrics.TryGetValue(name, out double value) || line.Losses.TryGetValue(name, out value);
        if (!isMeasured || !double.IsFinite(value)) return;
        if (IsBetter(_best, 0)) _best = (line.Epoch, value);
        if (IsBetter(_improved, _options.MinDelta)) _improved = (line.Epoch, value);

        bool IsBetter((int Epoch, double Value)? before, double by) =>
            before is not { } old || (_options.HigherIsBetter ? value > old.Value + by : value < old.Value - by);
    }

    /// <summary>Whether training is to stop after an epoch.</summary>
    /// <exception cref="InvalidOperationException">The monitored metric was never measured.</exception>
    private bool IsOutOfPatience(int epoch)
    {
        if (_options.Monitor is null || epoch == 0) return false;
        if (_best is null && epoch >= Math.Min(_options.Epochs, _options.Patience ?? int.MaxValue)) throw new InvalidOperationException(
            $"Monitor: expected a metric '{_options.Monitor}' after an epoch, found "
            + $"{(Measured() is { Length: > 0 } names ? string.Join(", ", names) : "none")}.");
        return _options.Patience is { } patience && epoch - (_improved?.Epoch ?? 0) >= patience;

        string[] Measured() => [.. Progress.History.SelectMany(line => line.Metrics.Keys.Concat(line.Losses.Keys)).Distinct()];
    }

    private void StopEarly()
    {
        HasStoppedEarly = true;
        Progress.Print($"{EarlyStop()} Training ends.");
    }

    private string EarlyStop()
    {
        (int epoch, double value) = _improved ?? (0, double.NaN);
        string by = _options.MinDelta > 0 ? FormattableString.Invariant($" by more than {_options.MinDelta}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{_options.Monitor} has not improved{by} for {Count(_epoch - 1 - epoch, "epoch")}, since epoch {epoch} ({value:G5}).");
    }

    /// <summary>Keeps the checkpoint of this moment as that of the best epoch.</summary>
    private void KeepBest() => CopyBest(CheckpointPath);

    private void CopyBest(string from)
    {
        using (FileStream source = new(from, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete))
            WholeFile.Write(BestCheckpointPath, source.CopyTo);
        Output.Remember(TrainingCheckpoint.BestName);
    }

    /// <summary>Takes over what a checkpoint knows of the epochs before it.</summary>
    /// <param name="path">The checkpoint, which training resumes from.</param>
    /// <exception cref="CheckpointException">The best epoch of the training is to be kept, and is not there.</exception>
    private void ResumeSelection(string path)
    {
        foreach (EpochMeans line in Progress.History) Judge(line);
        if (!_options.KeepBest || _best is not { } best) return;
        string kept = Path.Combine(Path.GetDirectoryName(path)!, TrainingCheckpoint.BestName);
        if (IsBest)
        {
            // The program may have ended between the two files.
            _bestFrom = path;
            return;
        }

        using (OpenBest(kept, best.Epoch))
            if (kept != BestCheckpointPath) _bestFrom = kept;
    }

    /// <summary>Puts the model back into the state of the best epoch, now that training is done.</summary>
    private void RestoreBest()
    {
        if (!_options.KeepBest || _best is not { } best) return;
        if (!IsBest)
        {
            using SafetensorsFile file = OpenBest(BestCheckpointPath, best.Epoch);
            Restore(file, TrainingCheckpoint.Read(file));
        }

        Progress.Print(string.Create(CultureInfo.InvariantCulture,
            $"Taking the weights of epoch {best.Epoch}, the best of {_epoch - 1}: {_options.Monitor} {best.Value:G5}."));
    }

    private SafetensorsFile OpenBest(string path, int epoch)
    {
        string expected = $"{path}: expected the checkpoint of epoch {epoch}, the best of the training so far, found";
        if (!File.Exists(path)) throw new CheckpointException($"{expected} none: training that keeps the best resumes only with it.");
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            TrainingRecord record = TrainingCheckpoint.Read(file);
            if (record.Program == Name && record.Epoch == epoch + 1 && record.NextStep == 0) return file;
            throw new CheckpointException($"{expected} one of '{record.Program}', {Place(record.Epoch, record.NextStep)}.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
