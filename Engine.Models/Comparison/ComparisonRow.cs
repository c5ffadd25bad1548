using Engine.Models.Metrics;

namespace Engine.Models.Comparison;

/// <summary>What was measured of one model.</summary>
/// <param name="Family">Which it is.</param>
/// <param name="Parameters">Trained numbers.</param>
/// <param name="TrainedPerSecond">Images a second in training.</param>
/// <param name="SampledPerSecond">Images a second in sampling; 0 when none were drawn.</param>
/// <param name="LikelihoodKind">Whether the likelihood is exact, a bound, or none.</param>
/// <param name="BitsPerDimension">-log2 p(x) / 784 of test images; null for none.</param>
/// <param name="Quality">How samples look; null when none were drawn.</param>
/// <param name="Signs">What is wrong, in words.</param>
public sealed record ComparisonRow(
    string Family, long Parameters, double TrainedPerSecond, double SampledPerSecond, string LikelihoodKind, double? BitsPerDimension,
    SampleQuality? Quality, IReadOnlyList<string> Signs);
