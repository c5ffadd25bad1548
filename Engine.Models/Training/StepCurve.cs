using System.Numerics;

namespace Engine.Models.Training;

/// <summary>
/// A value of each step, kept as at most <see cref="MostPoints"/> means of as many observations each: where more come, neighbours are
/// joined.
/// </summary>
internal sealed class StepCurve
{
    /// <summary>The most points that a curve has: as many as a chart shows.</summary>
    public const int MostPoints = 1000;

    private readonly List<long> _steps = [];
    private readonly List<double> _means = [];
    private long _every = 1, _count;
    private double _sum;

    public StepCurve(string name) => Name = name;

    /// <summary>Goes on with a curve of a checkpoint.</summary>
    public StepCurve(StepCurveState state) : this(state.Name)
    {
        _steps.AddRange(state.Steps);
        _means.AddRange(state.Means);
        (_every, _count, _sum) = (state.Every, state.Count, state.Sum);
    }

    public string Name { get; }

    /// <summary>The step after which the last observation of each point was made, from 1.</summary>
    public IReadOnlyList<long> Steps => _steps;

    /// <summary>The mean of the observations of each point.</summary>
    public IReadOnlyList<double> Means => _means;

    /// <summary>Adds an observation.</summary>
    /// <returns>The mean of the point that it completes; null where that waits for more.</returns>
    public double? Add(long step, double value)
    {
        _sum += value;
        if (++_count < _every) return null;
        double mean = _sum / _count;
        _steps.Add(step);
        _means.Add(mean);
        (_sum, _count) = (0, 0);
        if (_means.Count < MostPoints) return mean;
        int half = MostPoints / 2;
        for (int i = 0; i < half; i++)
            (_steps[i], _means[i]) = (_steps[(2 * i) + 1], 0.5 * (_means[2 * i] + _means[(2 * i) + 1]));
        _steps.RemoveRange(half, half);
        _means.RemoveRange(half, half);
        _every *= 2;
        return mean;
    }

    /// <summary>
    /// Whether an observation is a point of a curve of single values, which grows slowly and is never thinned afterwards: each of the first
    /// <see cref="MostPoints"/> is, every second one up to twice as many, every fourth up to four times as many, and so on.
    /// </summary>
    /// <param name="count">Which observation it is, from 1.</param>
    public static bool IsPoint(long count) =>
        count % (long)BitOperations.RoundUpToPowerOf2((ulong)(count + MostPoints - 1) / MostPoints) == 0;

    public StepCurveState Save() => new()
    {
        Name = Name, Steps = [.. _steps], Means = [.. _means], Every = _every, Count = _count, Sum = _sum,
    };
}

/// <summary>What a checkpoint keeps of a <see cref="StepCurve"/>.</summary>
internal sealed record StepCurveState
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The step of each point.</summary>
    public required List<long> Steps { get; init; }

    /// <summary>The mean of each point.</summary>
    public required List<double> Means { get; init; }

    /// <summary>How many observations make a point.</summary>
    public required long Every { get; init; }

    /// <summary>How many there are since the last point.</summary>
    public required long Count { get; init; }

    /// <summary>Their sum.</summary>
    public required double Sum { get; init; }
}
