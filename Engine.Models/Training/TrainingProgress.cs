using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Engine.Models.Training;

/// <summary>
/// Shows how training goes: in a terminal a live line with the losses, samples per second and the time left; everywhere a line an epoch with
/// the mean losses.
/// </summary>
public sealed class TrainingProgress
{
    private readonly int _epochs;
    private readonly Stopwatch _clock = new();
    private readonly Dictionary<string, double> _sums = [];
    private readonly List<string> _names = [];
    private readonly Dictionary<string, List<double>> _history = [];
    private ProgressTask? _live;
    private int _epoch;
    private int _steps;
    private long _samples;
    private TimeSpan _epochStart;
    private TimeSpan _nextShown;

    internal TrainingProgress(int epochs) => _epochs = epochs;

    /// <summary>The mean of each loss in each epoch so far.</summary>
    public IReadOnlyDictionary<string, List<double>> History => _history;

    /// <summary>Reports a training step.</summary>
    /// <param name="step">Which step of the epoch it was, from 0.</param>
    /// <param name="steps">How many the epoch has.</param>
    /// <param name="samples">The samples that it took.</param>
    /// <param name="losses">Names and values.</param>
    public void Report(int step, int steps, int samples, params ReadOnlySpan<(string Name, double Value)> losses)
    {
        _steps++;
        _samples += samples;
        foreach ((string name, double value) in losses)
        {
            if (!_sums.ContainsKey(name) && !_names.Contains(name)) _names.Add(name);
            _sums[name] = _sums.GetValueOrDefault(name) + value;
        }

        // Ten times a second is as often as a person reads.
        if (_live is null || _clock.Elapsed < _nextShown) return;
        _nextShown = _clock.Elapsed + TimeSpan.FromSeconds(0.1);
        _live.Value = _epoch - 1 + ((step + 1.0) / steps);
        _live.Description = Markup.Escape($"epoch {_epoch}/{_epochs}  {Means()}  {Rate(_samples, _clock.Elapsed - _epochStart)}");
    }

    /// <summary>Runs the training, with the live line below what it prints where the output is a terminal.</summary>
    internal void Run(Action train)
    {
        _clock.Start();
        if (!AnsiConsole.Profile.Capabilities.Interactive || !AnsiConsole.Profile.Out.IsTerminal)
        {
            train();
            return;
        }

        Progress progress = AnsiConsole.Progress().AutoClear(true).Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn());
        progress.Start(context =>
        {
            _live = context.AddTask("starting", maxValue: _epochs);
            train();
        });
        _live = null;
    }

    internal void BeginEpoch(int epoch) => _epoch = epoch;

    /// <summary>Prints the means since the last line, and begins new ones.</summary>
    internal void EndEpochs()
    {
        if (_steps == 0) return;
        foreach (string name in _names)
        {
            if (!_history.TryGetValue(name, out List<double>? values)) _history[name] = values = [];
            values.Add(_sums.GetValueOrDefault(name) / _steps);
        }

        TimeSpan left = _clock.Elapsed / _epoch * (_epochs - _epoch);
        Print($"Epoch [{_epoch}/{_epochs}]  {Means()}  {Rate(_samples, _clock.Elapsed - _epochStart)}  {_clock.Elapsed:hh\\:mm\\:ss} gone, {left:hh\\:mm\\:ss} left");
        _steps = 0;
        _samples = 0;
        _sums.Clear();
        _epochStart = _clock.Elapsed;
    }

    /// <summary>Prints a line, above the live one where there is one.</summary>
    internal void Print(string text)
    {
        // Only the live display needs Spectre to write around it; elsewhere lines are left as they are, neither wrapped nor coloured.
        if (_live is null) Console.WriteLine(text);
        else AnsiConsole.WriteLine(text);
    }

    private static string Rate(long samples, TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{samples / Math.Max(1e-9, time.TotalSeconds):F0} samples/s");

    private string Means() => string.Join("  ", _names.Select(name =>
        string.Create(CultureInfo.InvariantCulture, $"{name}: {_sums.GetValueOrDefault(name) / Math.Max(1, _steps):F4}")));
}
