using Engine.Models.Classification;
using Engine.Models.Data;

namespace Engine.Models.Metrics;

/// <summary>
/// Evaluates samples of images by a classifier that was trained on the same data, and by their distances to each other and to
/// training images.
/// </summary>
public sealed class SampleJudge
{
    /// <summary>The least number of images of the data that an evaluation takes.</summary>
    public const int LeastImages = 100;

    // Distances go by pairs: more images would not say more.
    private const int MostCompared = 1000, MostTrained = 10_000, MostNeighbors = 2000;

    private readonly DigitClassifier _classifier;
    private readonly FeatureMoments _data;
    private readonly float[] _features;
    private readonly float[] _training;
    private readonly double _near;
    private readonly double _nearTraining;

    /// <summary>Measures the data that samples are compared with.</summary>
    /// <param name="classifier">The classifier, trained on the data.</param>
    /// <param name="training">The images that models are trained on.</param>
    /// <param name="test">Images that neither the classifier nor a model has seen.</param>
    /// <param name="samples">The number of samples to evaluate, at least 2: the distance of few samples is larger, so that as many
    /// images of the data must be compared with them.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="DataException">The images are of another size, or fewer than <see cref="LeastImages"/>.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public SampleJudge(
        DigitClassifier classifier, ImageDataset training, ImageDataset test, int samples, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 2);
        _classifier = classifier;
        _training = Images(training, MostTrained);
        float[] images = Images(test, test.Count);
        float[] compared = images[..Math.Min(images.Length, MostCompared * Pixels)];
        float[] features = Features(images, cancellation);
        _data = Moments(features);
        _features = features[..Math.Min(features.Length, MostNeighbors * DigitClassifier.FeatureCount)];
        _near = FirstPercentile(NearestNeighbor.Distances(compared, Pixels, cancellation));
        _nearTraining = FirstPercentile(NearestNeighbor.Distances(compared, _training, Pixels, cancellation));
        Data = Of(Images(training, samples), cancellation);
    }

    /// <summary>
    /// The quality of training images, as many as there are samples or else all: that of a perfect model, but for the copies.
    /// </summary>
    public SampleQuality Data { get; }

    /// <summary>Evaluates samples.</summary>
    /// <param name="samples">[samples, height, width, channels], in [-1, 1].</param>
    /// <param name="cancellation">Cancels the computation; looked at before each batch.</param>
    /// <exception cref="ArgumentException">There are fewer than two samples, the length is not a whole number of images, or a number is NaN
    /// or infinite.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public SampleQuality Of(ReadOnlySpan<float> samples, CancellationToken cancellation = default)
    {
        if (samples.Length < 2 * Pixels || samples.Length % Pixels != 0)
            throw new ArgumentException($"Expected at least two images of {Pixels} values each, found {samples.Length} values in all.");
        ClassCounts counts = new(_classifier.ClassCount);
        int unsure = 0;
        int atOnce = 250 * Pixels;
        for (int at = 0; at < samples.Length; at += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            float[] probabilities = _classifier.Probabilities(samples.Slice(at, Math.Min(atOnce, samples.Length - at)));
            counts.Add(probabilities);
            for (int i = 0; i < probabilities.Length; i += _classifier.ClassCount)
                if (probabilities.AsSpan(i, _classifier.ClassCount).IndexOfAnyInRange(0.5f, float.MaxValue) < 0) unsure++;
        }

        float[] features = Features(samples, cancellation);
        float[] neighbors = features[..Math.Min(features.Length, _features.Length)];
        ReadOnlySpan<float> compared = samples[..Math.Min(samples.Length, MostCompared * Pixels)];
        return new SampleQuality(
            Metrics.FrechetDistance.Between(Moments(features), _data), counts.SmallestShare, counts.MeanConfidence,
            (double)unsure / counts.Total,
            Share(NearestNeighbor.Distances(compared, Pixels, cancellation), _near),
            Share(NearestNeighbor.Distances(compared, _training, Pixels, cancellation), _nearTraining))
        {
            Manifold = samples.Length < LeastImages * Pixels ? null
                : PrecisionRecall.Of(_features, neighbors, DigitClassifier.FeatureCount),
            Density = samples.Length < LeastImages * Pixels ? null
                : DensityCoverage.Of(_features, neighbors, DigitClassifier.FeatureCount),
        };
    }

    private int Pixels => _classifier.Size.Length;

    private float[] Features(ReadOnlySpan<float> images, CancellationToken cancellation)
    {
        float[] features = new float[images.Length / Pixels * DigitClassifier.FeatureCount];
        int atOnce = 250 * Pixels;
        for (int at = 0; at < images.Length; at += atOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            _classifier.Features(images.Slice(at, Math.Min(atOnce, images.Length - at)))
                .CopyTo(features, at / Pixels * DigitClassifier.FeatureCount);
        }

        return features;
    }

    private static FeatureMoments Moments(float[] features)
    {
        FeatureMoments moments = new(DigitClassifier.FeatureCount);
        moments.Add(features);
        return moments;
    }

    private static double Share(double[] distances, double near) => distances.Count(distance => distance < near) / (double)distances.Length;

    private static double FirstPercentile(double[] distances) => distances.Order().ElementAt(distances.Length / 100);

    private float[] Images(ImageDataset data, int most)
    {
        if (data.Count < LeastImages || data.Size != _classifier.Size)
        {
            throw new DataException(
                $"Expected at least {LeastImages} images of {_classifier.Size} to judge samples by, found {data.Count} of {data.Size} in "
                + $"{data.Name}.");
        }

        return data.Take(Math.Min(most, data.Count)).ToFloats();
    }
}

/// <summary>How samples of a generative model look to a classifier and beside the data; see <see cref="SampleJudge"/>.</summary>
/// <param name="FrechetDistance">The Fréchet distance of the classifier's features to those of the data: 0 for equal moments, and never
/// quite 0 for other images of the data.</param>
/// <param name="SmallestShare">The share of the rarest class, from 0 to 1: a class that is missing is a mode that was lost.</param>
/// <param name="MeanConfidence">The mean probability of the most probable class, from 0 to 1: low when samples resemble no class.</param>
/// <param name="UnsureShare">The share of samples whose most probable class has less than half of the probability.</param>
/// <param name="RepeatedShare">The share of samples that are as near to another sample as 1 % of images of the data are to each other:
/// about 0.01 for data, more when samples repeat.</param>
/// <param name="CopiedShare">The share of samples that are as near to a training image as 1 % of held-out images are: about 0.01 for data,
/// more when training images are copied.</param>
public sealed record SampleQuality(
    double FrechetDistance, double SmallestShare, double MeanConfidence, double UnsureShare, double RepeatedShare, double CopiedShare)
{
    /// <summary>
    /// Precision and recall by the neighbourhoods of the classifier's features, of at most 2,000 samples and held-out images, with k = 3;
    /// null where there are too few samples.
    /// </summary>
    public PrecisionRecall? Manifold { get; init; }

    /// <summary>Density and coverage of the same features, with k = 5; null where there are too few samples.</summary>
    public DensityCoverage? Density { get; init; }

    /// <summary>Signs of failure of the samples, in words; empty when nothing was found.</summary>
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
