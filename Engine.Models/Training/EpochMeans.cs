namespace Engine.Models.Training;

/// <summary>What one printed line of a training program says.</summary>
/// <param name="Epoch">The epoch that it was printed after, from 1.</param>
/// <param name="Losses">The mean of each loss since the line before.</param>
public sealed record EpochMeans(int Epoch, IReadOnlyDictionary<string, double> Losses)
{
    /// <summary>What was measured after the epoch, such as a test set's bound.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>().AsReadOnly();
}
