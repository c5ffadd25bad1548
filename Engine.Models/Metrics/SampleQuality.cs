namespace Engine.Models.Metrics;

/// <summary>How samples of a generative model look to a classifier and beside the data; see <see cref="SampleJudge"/>.</summary>
/// <param name="FrechetDistance">The Fréchet distance of the classifier's features to those of the data: 0 for equal moments, and never
/// quite 0 for other images of the data.</param>
/// <param name="SmallestShare">The share of the rarest class, from 0 to 1: a class that is missing is a mode that was lost.</param>
/// <param name="MeanConfidence">The mean probability of the most probable class, from 0 to 1: low when samples look like nothing.</param>
/// <param name="UnsureShare">The share of samples whose most probable class has less than half of the probability.</param>
/// <param name="RepeatedShare">The share of samples that are as near to another sample as 1 % of images of the data are to each other:
/// about 0.01 for data, more when samples repeat.</param>
/// <param name="CopiedShare">The share of samples that are as near to a training image as 1 % of held-out images are: about 0.01 for data,
/// more when training images are copied.</param>
public sealed record SampleQuality(
    double FrechetDistance, double SmallestShare, double MeanConfidence, double UnsureShare, double RepeatedShare, double CopiedShare)
{
    /// <summary>What is wrong with the samples, in words; empty when nothing was found.</summary>
    /// <param name="classes">The number of classes.</param>
    public IReadOnlyList<string> Signs(int classes)
    {
        // Half of what a class has when all are equally frequent: nothing is missing above that.
        List<string> signs = [];
        if (SmallestShare < 0.5 / classes) signs.Add(FormattableString.Invariant($"a class has {SmallestShare:P1}"));
        if (UnsureShare > 0.1) signs.Add(FormattableString.Invariant($"{UnsureShare:P0} look like no class"));
        if (RepeatedShare > 0.05) signs.Add(FormattableString.Invariant($"{RepeatedShare:P0} repeat each other"));
        if (CopiedShare > 0.05) signs.Add(FormattableString.Invariant($"{CopiedShare:P0} copy training images"));
        return signs;
    }
}
