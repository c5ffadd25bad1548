namespace Engine.Tests.Operations;

/// <summary>Ways of drawing arguments: a case whose operation has kinks draws away from them.</summary>
internal static class Draws
{
    /// <summary>Numbers from a range.</summary>
    internal static Draw Between(double low, double high) => (random, count) =>
        Each(count, _ => low + ((high - low) * random.NextDouble()));

    /// <summary>Numbers from -2 to 2.</summary>
    internal static Draw Any { get; } = Between(-2, 2);

    /// <summary>Numbers from a quarter to 4.</summary>
    internal static Draw Positive { get; } = Between(0.25, 4);

    /// <summary>Numbers from -2 to 2, none nearer than 1/16 to any of these.</summary>
    internal static Draw AwayFrom(params double[] kinks) => (random, count) => Each(count, _ =>
    {
        double x;
        do x = (4 * random.NextDouble()) - 2;
        while (Array.Exists(kinks, kink => Math.Abs(x - kink) < 1.0 / 16));
        return x;
    });

    /// <summary>Different numbers, in any order, at least 1/16 apart: what a maximum needs to be smooth.</summary>
    internal static Draw Apart { get; } = (random, count) =>
    {
        double[] values = Each(count, i => ((i - (count / 2)) / 8.0) + (random.NextDouble() / 16));
        random.Shuffle(values);
        return values;
    };

    /// <summary>
    /// Numbers on a grid of quarters, <paramref name="offset"/> beside it: two grids with offsets 1/8 apart have no number in common.
    /// </summary>
    internal static Draw Grid(double offset) => (random, count) => Each(count, _ => (random.Next(-8, 9) / 4.0) + offset);

    /// <summary>Indices from 0 to <paramref name="count"/> - 1.</summary>
    internal static Draw Index(int count) => (random, length) => Each(length, _ => random.Next(count));

    /// <summary>Some of a few values.</summary>
    internal static Draw OneOf(params double[] values) => (random, count) => Each(count, _ => values[random.Next(values.Length)]);

    private static double[] Each(int count, Func<int, double> value)
    {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) values[i] = value(i);
        return values;
    }
}
