namespace Engine.Autograd.Optim;

/// <summary>The learning rate at a step (or, by the caller's choice, an epoch), counted from 0: a function of that step alone.</summary>
/// <param name="step">The number of steps made before.</param>
public delegate double LearningRateSchedule(long step);

/// <summary>
/// The schedules in use. Each begins at step 0; lengths are in steps where the schedule is asked once a step, in epochs where once an
/// epoch.
/// </summary>
/// <example><code>
/// LearningRateSchedule schedule = LearningRateSchedules.Cosine(1e-3, 10_000).WarmedUp(500);
/// optimizer.LearningRate = schedule(optimizer.Steps);
/// </code></example>
public static class LearningRateSchedules
{
    /// <summary>Epochs of each rate of <see cref="ImportanceWeighted"/> are powers of this.</summary>
    private const int ImportanceWeightedBase = 3;

    /// <summary>
    /// The schedule, by epochs, of Burda et al. 2015 (arXiv:1509.00519), section 5: 10^(-3 - i/7) for 3^i epochs, i = 0 to 7; 3,280 epochs
    /// in all.
    /// </summary>
    public static LearningRateSchedule ImportanceWeighted { get; } =
        Piecewise([.. Enumerable.Range(0, 8).Select(i => ((long)Math.Pow(ImportanceWeightedBase, i), 1e-3 * Math.Pow(10, -i / 7.0)))]);

    /// <summary>One rate.</summary>
    /// <param name="rate">The rate.</param>
    public static LearningRateSchedule Constant(double rate)
    {
        CheckRate(rate);
        return _ => rate;
    }

    /// <summary>A straight line from one rate to another, which stays.</summary>
    /// <param name="from">The rate at step 0.</param>
    /// <param name="to">The rate from step <paramref name="length"/> on.</param>
    /// <param name="length">The steps in between.</param>
    public static LearningRateSchedule Linear(double from, double to, long length)
    {
        CheckRate(from);
        CheckRate(to);
        CheckLength(length);
        return step => step >= length ? to : from + ((to - from) * step / length);
    }

    /// <summary>
    /// Half a wave of a cosine from one rate down to another, which stays (Loshchilov and Hutter 2016, arXiv:1608.03983).
    /// </summary>
    /// <param name="from">The rate at step 0.</param>
    /// <param name="length">The steps in between.</param>
    /// <param name="to">The rate from step <paramref name="length"/> on.</param>
    public static LearningRateSchedule Cosine(double from, long length, double to = 0)
    {
        CheckRate(from);
        CheckRate(to);
        CheckLength(length);
        return step => step >= length ? to : to + ((from - to) * 0.5 * (1 + Math.Cos(Math.PI * step / length)));
    }

    /// <summary>A rate that is multiplied by a factor every so many steps.</summary>
    /// <param name="from">The first rate.</param>
    /// <param name="every">The steps of each rate.</param>
    /// <param name="factor">The factor, positive.</param>
    public static LearningRateSchedule Step(double from, long every, double factor = 0.1)
    {
        CheckRate(from);
        CheckLength(every);
        CheckFactor(factor);
        return step => from * Math.Pow(factor, step / every);
    }

    /// <summary>A rate that is multiplied by a factor at each step.</summary>
    /// <param name="from">The first rate.</param>
    /// <param name="factor">The factor, positive.</param>
    public static LearningRateSchedule Exponential(double from, double factor)
    {
        CheckRate(from);
        CheckFactor(factor);
        return step => from * Math.Pow(factor, step);
    }

    /// <summary>Rates one after another, each for a number of steps; the last one stays.</summary>
    /// <param name="pieces">Steps and rate of each.</param>
    /// <exception cref="ArgumentException">There is no piece.</exception>
    public static LearningRateSchedule Piecewise(params ReadOnlySpan<(long Length, double Rate)> pieces)
    {
        if (pieces.Length == 0) throw new ArgumentException("A schedule needs at least one piece.");
        foreach ((long length, double rate) in pieces)
        {
            CheckLength(length);
            CheckRate(rate);
        }

        (long Length, double Rate)[] kept = pieces.ToArray();
        return step =>
        {
            foreach ((long length, double rate) in kept)
            {
                if (step < length) return rate;
                step -= length;
            }

            return kept[^1].Rate;
        };
    }

    /// <summary>
    /// A straight line up to the first rate of a schedule, which then begins: (step + 1) / <paramref name="length"/> of that rate at each
    /// of the first steps.
    /// </summary>
    /// <param name="schedule">What follows.</param>
    /// <param name="length">The steps of the warm-up.</param>
    public static LearningRateSchedule WarmedUp(this LearningRateSchedule schedule, long length)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        CheckLength(length);
        double first = schedule(0);
        return step => step < length ? first * (step + 1) / length : schedule(step - length);
    }

    private static void CheckRate(double rate)
    {
        if (!(rate >= 0) || double.IsInfinity(rate)) throw new ArgumentOutOfRangeException(
            nameof(rate), rate, "A learning rate must be finite and not negative.");
    }

    private static void CheckLength(long length)
    {
        if (length < 1) throw new ArgumentOutOfRangeException(nameof(length), length, "A number of steps must be at least 1.");
    }

    private static void CheckFactor(double factor)
    {
        if (!(factor > 0) || double.IsInfinity(factor)) throw new ArgumentOutOfRangeException(
            nameof(factor), factor, "A factor must be positive and finite.");
    }
}
