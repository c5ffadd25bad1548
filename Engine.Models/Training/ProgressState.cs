namespace Engine.Models.Training;

/// <summary>What a checkpoint keeps of a <see cref="TrainingProgress"/>.</summary>
internal sealed record ProgressState
{
    /// <summary>The lines so far.</summary>
    public required List<EpochMeans> History { get; init; }

    /// <summary>The losses since the last line.</summary>
    public required List<LossSum> Sums { get; init; }

    /// <summary>What was measured since the last line.</summary>
    public required List<LossSum> Metrics { get; init; }

    /// <summary>The samples since the last line.</summary>
    public required long Samples { get; init; }

    /// <summary>The samples since training began.</summary>
    public required long AllSamples { get; init; }

    /// <summary>The time since training began.</summary>
    public required double Seconds { get; init; }

    /// <summary>The time from the last line to the last step.</summary>
    public required double LineSeconds { get; init; }
}
