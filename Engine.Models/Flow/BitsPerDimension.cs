namespace Engine.Models.Flow;

/// <summary>The likelihood of images in bits for each pixel and channel.</summary>
public static class BitsPerDimension
{
    /// <summary>From log P(x), in nats, of whole-numbered grey levels: -log2 P(x) / dimensions.</summary>
    /// <param name="logLikelihood">log P(x).</param>
    /// <param name="dimensions">Pixels times channels.</param>
    public static double OfLogLikelihood(double logLikelihood, int dimensions) => -logLikelihood / NatsPerBit(dimensions);

    /// <summary>
    /// From a log-density, in nats, of images with uniform noise that were scaled to [0, 1]: log2(levels) - log2 p(x) / dimensions. So is
    /// 4.36 of NICE its published 1980.50 nats.
    /// </summary>
    /// <param name="logDensity">log p(x).</param>
    /// <param name="dimensions">Pixels times channels.</param>
    /// <param name="levels">Grey levels before the scaling.</param>
    public static double OfLogDensity(double logDensity, int dimensions, int levels = 256) =>
        Math.Log2(levels) - (logDensity / NatsPerBit(dimensions));

    /// <summary>How many nats of log-likelihood are one bit for each dimension.</summary>
    internal static double NatsPerBit(int dimensions) => dimensions * Math.Log(2);
}
