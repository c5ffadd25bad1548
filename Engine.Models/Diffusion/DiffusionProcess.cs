using Engine.Autograd;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Sampling;

namespace Engine.Models.Diffusion;

/// <summary>
/// The diffusion process that a noise schedule defines: q(x_t | x_0), and the posterior q(x_(t-1) | x_t, x_0) that a step back is held
/// against (Ho et al. 2020, arXiv:2006.11239, section 2). Coefficients are float64. Steps are counted from 0; at step 0 the posterior is
/// x_0 itself.
/// </summary>
public sealed class DiffusionProcess
{
    private readonly double[] _ofClean, _ofNoisy, _variances, _logVariances, _logBetas;

    /// <summary>Computes the coefficients of every step.</summary>
    /// <param name="schedule">The noise schedule, or a part of its steps (<see cref="NoiseSchedule.Respaced"/>).</param>
    public DiffusionProcess(NoiseSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Schedule = schedule;
        (_ofClean, _ofNoisy, _variances) = (new double[Steps], new double[Steps], new double[Steps]);
        for (int t = 0; t < Steps; t++)
        {
            double beta = schedule.Betas[t], bar = schedule.AlphaBars[t], before = t == 0 ? 1 : schedule.AlphaBars[t - 1];

            // mean = sqrt(abar_(t-1)) beta_t / (1 - abar_t) x_0 + sqrt(1 - beta_t) (1 - abar_(t-1)) / (1 - abar_t) x_t   (equation 7)
            _ofClean[t] = t == 0 ? 1 : Math.Sqrt(before) * beta / (1 - bar);
            _ofNoisy[t] = Math.Sqrt(1 - beta) * (1 - before) / (1 - bar);

            // variance = (1 - abar_(t-1)) / (1 - abar_t) beta_t
            _variances[t] = (1 - before) / (1 - bar) * beta;
        }

        // The variance is 0 at the first step, and its logarithm that of the second, as Nichol and Dhariwal have it.
        _logBetas = Array.ConvertAll(schedule.Betas.ToArray(), Math.Log);
        _logVariances = [.. Enumerable.Range(0, Steps).Select(t => Steps == 1 ? _logBetas[0] : Math.Log(_variances[Math.Max(t, 1)]))];
    }

    /// <summary>The noise schedule.</summary>
    public NoiseSchedule Schedule { get; }

    /// <summary>The number of steps T.</summary>
    public int Steps => Schedule.Steps;

    /// <summary>The factors of x_0 and of x_t in the posterior's mean.</summary>
    /// <param name="t">The step.</param>
    public (double OfClean, double OfNoisy) PosteriorMean(int t) => (_ofClean[t], _ofNoisy[t]);

    /// <summary>The posterior's variance; 0 at step 0.</summary>
    /// <param name="t">The step.</param>
    public double PosteriorVariance(int t) => _variances[t];

    /// <summary>Its logarithm; at step 0 that of step 1, because 0 has none.</summary>
    /// <param name="t">The step.</param>
    public double PosteriorLogVariance(int t) => _logVariances[t];

    /// <summary>The logarithm of beta_t.</summary>
    /// <param name="t">The step.</param>
    public double LogBeta(int t) => _logBetas[t];

    /// <summary>x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e, a sample of q(x_t | x_0).</summary>
    /// <param name="clean">x_0: [samples, ...].</param>
    /// <param name="noise">e, standard normal, of the same shape.</param>
    /// <param name="steps">t of each sample.</param>
    /// <exception cref="ArgumentException">The shapes or types differ, or there is not one step for each sample.</exception>
    public Tensor AddNoise(Tensor clean, Tensor noise, ReadOnlySpan<int> steps) => Sampling.AddNoise(Schedule, clean, noise, steps);

    /// <summary>The mean of q(x_(t-1) | x_t, x_0).</summary>
    /// <param name="clean">x_0: [samples, ...].</param>
    /// <param name="noisy">x_t, of the same shape.</param>
    /// <param name="steps">t of each sample.</param>
    /// <exception cref="ArgumentException">The shapes or types differ, or there is not one step for each sample.</exception>
    public Tensor PosteriorMean(Tensor clean, Tensor noisy, ReadOnlySpan<int> steps) =>
        Sampling.Combine(clean, noisy, PerSample(_ofClean, steps), PerSample(_ofNoisy, steps));

    /// <summary>A value for each step as a tensor that broadcasts over samples: [samples, 1, ...].</summary>
    internal static Tensor Column(ReadOnlySpan<double> values, Tensor like)
    {
        int[] extents = [.. Enumerable.Repeat(1, like.Shape.Rank)];
        extents[0] = values.Length;
        return Tensor.From(values, new Shape(extents), like.Device).Cast(like.DType);
    }

    internal static double[] PerSample(ReadOnlySpan<double> ofStep, ReadOnlySpan<int> steps)
    {
        double[] values = new double[steps.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if ((uint)steps[i] >= (uint)ofStep.Length)
                throw new ArgumentOutOfRangeException(
                    nameof(steps), $"Step {steps[i]} of sample {i} is not one of the schedule's 0 to {ofStep.Length - 1}.");
            values[i] = ofStep[steps[i]];
        }

        return values;
    }

    internal double[] LogBetas(ReadOnlySpan<int> steps) => PerSample(_logBetas, steps);

    internal double[] PosteriorLogVariances(ReadOnlySpan<int> steps) => PerSample(_logVariances, steps);

    // With s = sqrt(abar_t) and n = sqrt(1 - abar_t), x_t = s x_0 + n e and v = s e - n x_0 are a rotation of (x_0, e), because s² + n² =
    // 1.
    /// <summary>The target of a network's prediction.</summary>
    /// <param name="prediction">What it predicts.</param>
    /// <param name="clean">x_0: [samples, ...].</param>
    /// <param name="noise">e, of the same shape.</param>
    /// <param name="steps">t of each sample.</param>
    public Tensor Target(Prediction prediction, Tensor clean, Tensor noise, ReadOnlySpan<int> steps) => prediction switch
    {
        Prediction.Noise => noise,
        Prediction.Clean => clean,
        _ => Mixed(noise, clean, steps, static (s, n) => (s, -n)),
    };

    /// <summary>x_0, from x_t and the prediction.</summary>
    /// <param name="prediction">What was predicted.</param>
    /// <param name="noisy">x_t: [samples, ...].</param>
    /// <param name="predicted">The prediction, of the same shape.</param>
    /// <param name="steps">t of each sample.</param>
    /// <exception cref="ArgumentException">The noise was predicted at a step that leaves no signal: it then says nothing of
    /// x_0.</exception>
    public Tensor Clean(Prediction prediction, Tensor noisy, Tensor predicted, ReadOnlySpan<int> steps) => prediction switch
    {
        Prediction.Noise => Mixed(noisy, predicted, steps, static (s, n) => (1 / s, -n / s), dividesBySignal: true),
        Prediction.Clean => predicted,
        _ => Mixed(noisy, predicted, steps, static (s, n) => (s, -n)),
    };

    /// <summary>e, from x_t and the prediction.</summary>
    /// <inheritdoc cref="Clean"/>
    public Tensor Noise(Prediction prediction, Tensor noisy, Tensor predicted, ReadOnlySpan<int> steps) => prediction switch
    {
        Prediction.Noise => predicted,
        Prediction.Clean => Mixed(noisy, predicted, steps, static (s, n) => (1 / n, -s / n)),
        _ => Mixed(noisy, predicted, steps, static (s, n) => (n, s)),
    };

    /// <summary>v, from x_t and the prediction.</summary>
    /// <inheritdoc cref="Clean"/>
    public Tensor Velocity(Prediction prediction, Tensor noisy, Tensor predicted, ReadOnlySpan<int> steps) => prediction switch
    {
        // v = e / s - (n / s) x_t, and v = (s / n) x_t - x_0 / n
        Prediction.Noise => Mixed(noisy, predicted, steps, static (s, n) => (-n / s, 1 / s), dividesBySignal: true),
        Prediction.Clean => Mixed(noisy, predicted, steps, static (s, n) => (s / n, -1 / n)),
        _ => predicted,
    };

    private Tensor Mixed(
        Tensor x, Tensor y, ReadOnlySpan<int> steps, Func<double, double, (double OfX, double OfY)> factors, bool dividesBySignal = false)
    {
        double[] a = new double[steps.Length], b = new double[steps.Length];
        Schedule.Rates(steps, a, b);
        int without = dividesBySignal ? Array.IndexOf(a, 0.0) : -1;
        if (without >= 0) throw new ArgumentException(
            $"DiffusionProcess: nothing of the signal is left at step {steps[without]} of sample {without}, where the noise says nothing "
            + $"of x_0: expected a prediction of {Prediction.Velocity} or {Prediction.Clean}, found {Prediction.Noise}.");
        for (int i = 0; i < a.Length; i++) (a[i], b[i]) = factors(a[i], b[i]);
        return Sampling.Combine(x, y, a, b);
    }
}
