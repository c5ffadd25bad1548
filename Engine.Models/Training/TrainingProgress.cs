using System.Globalization;
using Engine.Autograd;
using Engine.Models.Training.TensorBoard;

namespace Engine.Models.Training;

/// <summary>
/// Shows the progress of training: in a terminal a live line with the losses, samples per second and the time left; everywhere a line for
/// each epoch with the mean losses. Time counts from the beginning of the first epoch: loading data is no part of it.
/// </summary>
public sealed class TrainingProgress
{
    /// <summary>How many losses may wait on a device for being read.</summary>
    private const int MostUnread = 200;

    private readonly int _epochs;
    private readonly TimeProvider _clock;
    private readonly List<EpochMeans> _history = [];
    private readonly List<(string Name, double Value)> _metrics = [];

    // Since the last line: the sum and the number of each loss, in the order in which they were first reported.
    private readonly List<string> _names = [];
    private readonly Dictionary<string, (double Sum, int Count)> _sums = [];

    // What is observed at each step, and what a reader is warned of.
    private readonly List<StepCurve> _curves = [];
    private readonly Dictionary<string, string> _warnings = [];

    // How often each loss was reported since training began.
    private readonly Dictionary<string, long> _counts = [];

    // What was reported and not read yet: losses stay on their device until a line is shown, so that no step waits for one.
    private readonly List<ReportedLoss> _unread = [];
    private LiveLine? _live;
    private int _epoch;
    private long _samples;
    private long _start;
    private TimeSpan _before;
    private double _doneBefore;
    private TimeSpan _lineStart;
    private TimeSpan _lastStep;
    private TimeSpan _nextShown;

    internal TrainingProgress(int epochs, TimeProvider clock) => (_epochs, _clock) = (epochs, clock);

    /// <summary>The mean losses of each line so far.</summary>
    public IReadOnlyList<EpochMeans> History => _history.AsReadOnly();

    /// <summary>
    /// What was observed at steps, by name and in the order in which it was first seen: see <see cref="Trainer.Observe"/>.
    /// </summary>
    internal IReadOnlyList<StepCurve> StepCurves => _curves;

    /// <summary>Warnings by their kind.</summary>
    internal IReadOnlyDictionary<string, string> Warnings => _warnings;

    /// <summary>The samples since training began.</summary>
    public long Samples { get; private set; }

    /// <summary>The time since training began, excluding the time between a stop and a resume.</summary>
    public TimeSpan Elapsed => _before + (_epoch == 0 ? TimeSpan.Zero : _clock.GetElapsedTime(_start));

    /// <summary>Reports a training step.</summary>
    /// <param name="step">Which step of the epoch it was, from 0.</param>
    /// <param name="steps">How many the epoch has.</param>
    /// <param name="samples">The samples that it took.</param>
    /// <param name="losses">Names and values; those that are on a device are read when a line is shown.</param>
    public void Report(int step, int steps, int samples, params ReadOnlySpan<(string Name, Reading Value)> losses) =>
        Report(step, steps, (((long)_epoch - 1) * steps) + step + 1, samples, losses);

    /// <summary>Reports a training step, the given one since training began.</summary>
    internal void Report(int step, int steps, long allSteps, int samples, ReadOnlySpan<(string Name, Reading Value)> losses)
    {
        _samples += samples;
        Samples += samples;
        _lastStep = Elapsed;
        bool isKnown = _unread.Count == 0;
        foreach ((string name, Reading value) in losses)
        {
            isKnown &= value.IsKnown;
            _unread.Add(new ReportedLoss(name, value, _epoch, step, allSteps));
        }

        if (isKnown || _unread.Count >= MostUnread) ReadLosses();

        // Ten times a second is as often as a person reads.
        if (_live is null || _lastStep < _nextShown) return;
        _nextShown = _lastStep + TimeSpan.FromSeconds(0.1);
        ReadLosses();
        double done = _epoch - 1 + ((step + 1.0) / steps);
        _live.Show(done / _epochs, $"epoch {_epoch}/{_epochs}", Left(done), [.. Means(), Rate()]);
    }

    /// <summary>Adds what was observed at a step to the curves of its names.</summary>
    internal void Observe(int step, long allSteps, ReadOnlySpan<(string Name, Reading Value)> values)
    {
        bool isKnown = _unread.Count == 0;
        foreach ((string name, Reading value) in values)
        {
            isKnown &= value.IsKnown;
            _unread.Add(new ReportedLoss(name, value, _epoch, step, allSteps) { IsObserved = true });
        }

        if (isKnown || _unread.Count >= MostUnread) ReadLosses();
    }

    /// <summary>Keeps a warning for the report, and prints it where it is the first of its kind.</summary>
    internal void Warn(string kind, string text)
    {
        if (_warnings.TryAdd(kind, text)) Print($"Warning: {text}");
    }

    /// <summary>Where losses and lines go beside the terminal and the report; null where nothing is written.</summary>
    internal TrainingEvents? Events { get; set; }

    /// <summary>Receives every loss when it is read.</summary>
    internal Action<ReportedLoss>? Check { get; set; }

    /// <summary>Reads the losses that are still on a device.</summary>
    internal void ReadLosses()
    {
        if (_unread.Count == 0) return;
        bool hasWaited = !_unread[^1].Value.IsKnown;
        foreach (ReportedLoss loss in _unread)
        {
            Check?.Invoke(loss);
            AddPoint(loss);
            if (!_names.Contains(loss.Name)) _names.Add(loss.Name);
            (double sum, int count) = _sums.GetValueOrDefault(loss.Name);
            _sums[loss.Name] = (sum + loss.Value, count + 1);
        }

        _unread.Clear();

        // The steps were done when their losses could be read, not when they were asked for.
        if (hasWaited) _lastStep = Elapsed;
    }

    /// <summary>Runs the training, with the live line below what it prints where the output is a terminal.</summary>
    internal void Run(Action train)
    {
        _live = LiveLine.OfConsole();
        try
        {
            train();
        }
        finally
        {
            _live?.Clear();
            _live = null;
        }
    }

    internal void BeginEpoch(int epoch)
    {
        if (_epoch == 0) _start = _clock.GetTimestamp();
        _epoch = epoch;
    }

    /// <summary>Adds a metric to the next line; a later one of the same name replaces it.</summary>
    internal void Record(string name, double value)
    {
        _metrics.RemoveAll(metric => metric.Name == name);
        _metrics.Add((name, value));
    }

    /// <summary>What the next line has of a name so far, a metric or the mean of a loss; null for nothing.</summary>
    internal double? Measured(string name)
    {
        ReadLosses();
        int metric = _metrics.FindIndex(metric => metric.Name == name);
        return metric >= 0 ? _metrics[metric].Value : _sums.ContainsKey(name) ? Mean(name) : null;
    }

    /// <summary>Prints the means since the last line and what was measured, and begins new ones.</summary>
    /// <param name="part">The steps of the epoch that were done, and all that it has, where it was stopped before its end.</param>
    internal void EndEpochs((int Steps, int Of)? part = null)
    {
        ReadLosses();
        if (_sums.Count > 0 || _metrics.Count > 0)
        {
            EpochMeans line = new(_epoch, _names.Where(_sums.ContainsKey).ToDictionary(name => name, Mean).AsReadOnly())
            {
                Metrics = _metrics.ToDictionary(metric => metric.Name, metric => metric.Value).AsReadOnly(),
            };
            _history.Add(line);
            Events?.Line(line);
            IEnumerable<string> metrics = _metrics.Select(
                metric => string.Create(CultureInfo.InvariantCulture, $"{metric.Name}: {metric.Value:F4}"));
            (double done, string steps) = part is var (some, all)
                ? (_epoch - 1 + ((double)some / all), $", {some} of {all} steps") : (_epoch, "");
            string time = $"{HoursMinutesSeconds(Elapsed.TotalSeconds)} elapsed, {Left(done)}";
            string[] parts = [$"Epoch [{_epoch}/{_epochs}{steps}]", .. Means(), .. metrics, Rate(), time];
            Print(_live?.Wrapped(parts) ?? string.Join("  ", parts));
        }

        _samples = 0;
        _sums.Clear();
        _metrics.Clear();
        _lineStart = Elapsed;
    }

    /// <summary>The state, for a checkpoint.</summary>
    internal ProgressState Save()
    {
        ReadLosses();
        return new ProgressState
        {
            History = [.. _history],
            Sums = [.. _names.Where(_sums.ContainsKey).Select(name => new LossSum(name, _sums[name].Sum, _sums[name].Count))],
            Metrics = [.. _metrics.Select(metric => new LossSum(metric.Name, metric.Value, 1))],
            Samples = _samples,
            AllSamples = Samples,
            Seconds = Elapsed.TotalSeconds,
            LineSeconds = (_lastStep - _lineStart).TotalSeconds,
            Curves = _curves.Count == 0 ? null : [.. _curves.Select(curve => curve.Save())],
            Reported = new Dictionary<string, long>(_counts),
            Warnings = _warnings.Count == 0 ? null : new Dictionary<string, string>(_warnings),
        };
    }

    /// <summary>Restores a state before the first epoch begins.</summary>
    /// <param name="state">The state.</param>
    /// <param name="epochsDone">How many epochs are done; the part of one counts as nothing.</param>
    internal void Restore(ProgressState state, int epochsDone)
    {
        _history.AddRange(state.History);
        foreach (LossSum loss in state.Sums)
        {
            _names.Add(loss.Name);
            _sums.Add(loss.Name, (loss.Sum, loss.Count));
        }

        foreach ((string name, long count) in state.Reported ?? []) _counts.Add(name, count);
        _curves.AddRange((state.Curves ?? []).Select(curve => new StepCurve(curve)));
        foreach ((string kind, string text) in state.Warnings ?? []) _warnings.Add(kind, text);
        _metrics.AddRange(state.Metrics.Select(metric => (metric.Name, metric.Sum)));
        (_samples, Samples, _before, _doneBefore) = (state.Samples, state.AllSamples, TimeSpan.FromSeconds(state.Seconds), epochsDone);
        _lastStep = _before;
        _lineStart = _before - TimeSpan.FromSeconds(state.LineSeconds);
    }

    /// <summary>Prints a line, above the live one where there is one.</summary>
    internal void Print(string text)
    {
        _live?.Clear();
        Console.WriteLine(text);
    }

    // The pictures at the end of an epoch are no part of the rate: it counts up to the last step.
    private string Rate() => string.Create(
        CultureInfo.InvariantCulture, $"{_samples / Math.Max(1e-9, (_lastStep - _lineStart).TotalSeconds):F0} samples/s");

    // The time left if the rest of the epochs take as long as those done since the program began, part of one included.
    private string Left(double done) =>
        $"{HoursMinutesSeconds((Elapsed - _before).TotalSeconds / Math.Max(1e-9, done - _doneBefore) * (_epochs - done))} left";

    internal static string HoursMinutesSeconds(double seconds) => string.Create(
        CultureInfo.InvariantCulture, $"{(long)seconds / 3600:00}:{(long)seconds / 60 % 60:00}:{(long)seconds % 60:00}");

    // What is observed has a curve of means in the report, which an event file gets point by point; of losses that has single values.
    private void AddPoint(ReportedLoss loss)
    {
        if (loss.IsObserved)
        {
            if (CurveOf(loss.Name).Add(loss.AllSteps, loss.Value) is { } mean) Events?.Point(loss.Name, loss.AllSteps, mean);
            return;
        }

        long count = _counts[loss.Name] = _counts.GetValueOrDefault(loss.Name) + 1;
        if (StepCurve.IsPoint(count)) Events?.Point(loss.Name, loss.AllSteps, loss.Value);
    }

    private StepCurve CurveOf(string name)
    {
        if (_curves.Find(curve => curve.Name == name) is { } known) return known;
        StepCurve curve = new(name);
        _curves.Add(curve);
        return curve;
    }

    private double Mean(string name) => _sums[name].Sum / _sums[name].Count;

    private IEnumerable<string> Means() => _names.Where(_sums.ContainsKey).Select(name =>
        string.Create(CultureInfo.InvariantCulture, $"{name}: {Mean(name):F4}"));
}

/// <summary>A loss that was reported and may still be on its device.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="Epoch">The epoch that it is of, from 1.</param>
/// <param name="Step">The step of the epoch, from 0.</param>
/// <param name="AllSteps">The steps since training began, this one included.</param>
internal readonly record struct ReportedLoss(string Name, Reading Value, int Epoch, int Step, long AllSteps)
{
    /// <summary>Whether it is no loss but something observed, which has a curve by steps.</summary>
    public bool IsObserved { get; init; }
}
