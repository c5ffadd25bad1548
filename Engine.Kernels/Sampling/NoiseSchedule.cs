namespace Engine.Kernels.Sampling;

/// <summary>
/// How much noise each step of a diffusion adds, and the forward process that it defines: x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e, with
/// abar_t the product of (1 - beta_s) over s = 0..t and e standard normal (Ho et al. 2020, arXiv:2006.11239, equation 4). Kept in float64.
/// </summary>
public sealed class NoiseSchedule
{
    /// <summary>The largest share of the signal at the end that can be passed over.</summary>
    public const double NegligibleSignal = 1e-3;

    /// <summary>The largest beta that schedules have by default.</summary>
    public const double LargestBeta = 0.999;

    private readonly double[] _betas;
    private readonly double[] _alphaBars;
    private readonly int[] _timeSteps;

    private NoiseSchedule(string name, double[] betas, double[] alphaBars, int[] timeSteps) =>
        (Name, _betas, _alphaBars, _timeSteps) = (name, betas, alphaBars, timeSteps);

    private NoiseSchedule(string name, double[] betas)
        : this(name, betas, new double[betas.Length], [.. Enumerable.Range(0, betas.Length)])
    {
        double product = 1;
        for (int t = 0; t < betas.Length; t++) _alphaBars[t] = product *= 1 - betas[t];
    }

    /// <summary>The schedule's name: <c>linear</c> or <c>cosine</c>.</summary>
    public string Name { get; }

    /// <summary>
    /// sqrt(abar_T), the share of x_0 that is left in x_T: a sampler begins without it, in noise alone, and so brings what depends on it,
    /// such as how bright an image is as a whole, towards the middle. 0 for <see cref="WithZeroTerminalSnr"/>.
    /// </summary>
    public double SignalLeft => Math.Sqrt(_alphaBars[^1]);

    /// <summary>Whether <see cref="SignalLeft"/> is above <see cref="NegligibleSignal"/>.</summary>
    public bool LeavesSignal => SignalLeft > NegligibleSignal;

    /// <summary>The number of steps T.</summary>
    public int Steps => _betas.Length;

    /// <summary>beta_t, the variance of the noise that step t adds; t = 0..T-1.</summary>
    public ReadOnlySpan<double> Betas => _betas;

    /// <summary>abar_t, the share of the signal's variance that is left after step t; t = 0..T-1.</summary>
    public ReadOnlySpan<double> AlphaBars => _alphaBars;

    /// <summary>
    /// The step of the schedule that this one was thinned out from by <see cref="Respaced"/>, for each of its steps: what a network that
    /// was trained with that schedule is to be told. Otherwise 0..T-1.
    /// </summary>
    public ReadOnlySpan<int> TimeSteps => _timeSteps;

    /// <summary>
    /// Some of the steps of this schedule, evenly spread from its first to its last, with the very abar_t that they have here (Nichol and
    /// Dhariwal 2021, arXiv:2102.09672, section 4): to sample with fewer steps than a network was trained with.
    /// </summary>
    /// <param name="steps">How many steps are left, from 1 to T; one alone is the last.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many steps.</exception>
    public NoiseSchedule Respaced(int steps)
    {
        if (steps < 1 || steps > Steps) throw new ArgumentOutOfRangeException(
            nameof(steps), steps, $"NoiseSchedule: expected 1 to {Steps} of the schedule's steps, found {steps}.");
        double[] betas = new double[steps], alphaBars = new double[steps];
        int[] timeSteps = new int[steps];
        for (int i = 0; i < steps; i++)
        {
            // beta_i = 1 - abar_i / abar_(i-1), so that the products of (1 - beta) are the abar of before.
            int t = steps == 1 ? Steps - 1 : (int)Math.Round((double)i * (Steps - 1) / (steps - 1));
            alphaBars[i] = _alphaBars[t];
            betas[i] = steps == Steps ? _betas[t] : 1 - (i == 0 ? alphaBars[i] : alphaBars[i] / alphaBars[i - 1]);
            timeSteps[i] = _timeSteps[t];
        }

        return new NoiseSchedule(Name, betas, alphaBars, timeSteps);
    }

    /// <summary>
    /// Betas that rise linearly (Ho et al. 2020, arXiv:2006.11239, section 4). They are given for 1000 steps, and are 1000 / T times as
    /// large for T, as in the code of Nichol and Dhariwal (2021), so that any number of steps leads to about as much noise; no beta is
    /// above <see cref="LargestBeta"/>, which 20 steps and fewer would pass.
    /// </summary>
    /// <param name="steps">The number of steps T; at least 1.</param>
    /// <param name="first">beta of the first of 1000 steps.</param>
    /// <param name="last">beta of the last of 1000 steps.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no step, or a beta is not between 0 and 1.</exception>
    public static NoiseSchedule Linear(int steps = 1000, double first = 1e-4, double last = 0.02)
    {
        CheckSteps(steps);
        CheckBeta(first, nameof(first));
        CheckBeta(last, nameof(last));

        // beta_t = 1000 / T (first + (last - first) t / (T - 1)); one step alone is the last
        double[] betas = new double[steps];
        double scale = 1000.0 / steps;
        for (int t = 0; t < steps; t++)
            betas[t] = Math.Min(scale * (steps == 1 ? last : first + ((last - first) * t / (steps - 1))), LargestBeta);
        return new NoiseSchedule("linear", betas);
    }

    /// <summary>A schedule of betas of one's own, taken as they are.</summary>
    /// <param name="betas">beta_t of each step, above 0 and at most 1; 1 is for the last step alone.</param>
    /// <param name="name">The schedule's name.</param>
    /// <exception cref="ArgumentException">There is no step, or a beta is out of range.</exception>
    public static NoiseSchedule FromBetas(ReadOnlySpan<double> betas, string name = "custom")
    {
        CheckSteps(betas.Length);
        for (int t = 0; t < betas.Length; t++)
        {
            if (!(betas[t] > 0) || betas[t] > 1 || (betas[t] == 1 && t < betas.Length - 1)) throw new ArgumentException(
                $"NoiseSchedule: beta must be above 0 and below 1, or 1 at the last step, found {betas[t]} at step {t} of {betas.Length}.");
        }

        return new NoiseSchedule(name, betas.ToArray());
    }

    /// <summary>
    /// This schedule, moved so that nothing of the signal is left after its last step (Lin et al. 2023, arXiv:2305.08891, algorithm 1):
    /// sqrt(abar_t) is shifted to 0 at the end and scaled to what it was at the beginning. A sampler then begins where training ended, in
    /// pure noise. At the last step x_t is the noise itself, so that a network that predicts the noise says nothing of x_0 there: predict
    /// the velocity or x_0.
    /// </summary>
    /// <exception cref="InvalidOperationException">There are fewer than two steps.</exception>
    public NoiseSchedule WithZeroTerminalSnr()
    {
        if (Steps < 2) throw new InvalidOperationException(
            $"WithZeroTerminalSnr: the first step keeps its signal and the last one loses it, which takes two steps, found {Steps}.");
        if (_alphaBars[^1] == 0) return this;

        // s'_t = (s_t - s_T) s_1 / (s_1 - s_T) for s = sqrt(abar); beta_t = 1 - abar_t / abar_(t-1)
        double first = Math.Sqrt(_alphaBars[0]), last = Math.Sqrt(_alphaBars[^1]);
        double[] betas = new double[Steps], alphaBars = new double[Steps];
        for (int t = 0; t < Steps; t++)
        {
            double signal = t == 0 ? first : (Math.Sqrt(_alphaBars[t]) - last) * first / (first - last);
            alphaBars[t] = signal * signal;
            betas[t] = 1 - (t == 0 ? alphaBars[t] : alphaBars[t] / alphaBars[t - 1]);
        }

        return new NoiseSchedule(Name, betas, alphaBars, _timeSteps);
    }

    /// <summary>Signal that falls as a squared cosine (Nichol and Dhariwal 2021, arXiv:2102.09672, section 3.2).</summary>
    /// <param name="steps">The number of steps; at least 1.</param>
    /// <param name="offset">s, which keeps the first betas from vanishing.</param>
    /// <param name="largest">The largest beta.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no step, the offset is negative, or the largest beta is not between 0 and
    /// 1.</exception>
    public static NoiseSchedule Cosine(int steps = 1000, double offset = 0.008, double largest = LargestBeta)
    {
        CheckSteps(steps);
        if (!(offset >= 0) || double.IsInfinity(offset)) throw new ArgumentOutOfRangeException(
            nameof(offset), offset, $"NoiseSchedule: the offset must be finite and not negative, found {offset}.");
        CheckBeta(largest, nameof(largest));

        // abar(t) = f(t) / f(0), f(t) = cos²((t / T + s) / (1 + s) pi / 2); beta_t = min(1 - abar(t + 1) / abar(t), largest)
        double[] betas = new double[steps];
        for (int t = 0; t < steps; t++) betas[t] = Math.Min(1 - (Signal(t + 1) / Signal(t)), largest);
        return new NoiseSchedule("cosine", betas);

        double Signal(int t)
        {
            double cosine = Math.Cos((((double)t / steps) + offset) / (1 + offset) * Math.PI / 2);
            return cosine * cosine;
        }
    }

    /// <summary>The factors of x_0 and of the noise, sqrt(abar_t) and sqrt(1 - abar_t), for the step of each sample.</summary>
    /// <param name="steps">t of each sample, 0..T-1.</param>
    /// <param name="signal">Receives sqrt(abar_t): float32 or float64, one for each sample.</param>
    /// <param name="noise">Receives sqrt(1 - abar_t), likewise.</param>
    /// <exception cref="ArgumentOutOfRangeException">A step is not one of the schedule.</exception>
    /// <exception cref="ArgumentException">A storage does not hold one number for each sample.</exception>
    public void Rates(ReadOnlySpan<int> steps, Storage signal, Storage noise)
    {
        double[] signals = new double[steps.Length];
        double[] noises = new double[steps.Length];
        Rates(steps, signals, noises);
        Upload(signals, signal);
        Upload(noises, noise);
    }

    /// <summary>The factors of x_0 and of the noise, sqrt(abar_t) and sqrt(1 - abar_t), in float64.</summary>
    /// <param name="steps">t of each sample, 0..T-1.</param>
    /// <param name="signal">Receives sqrt(abar_t), one for each sample.</param>
    /// <param name="noise">Receives sqrt(1 - abar_t), likewise.</param>
    /// <exception cref="ArgumentOutOfRangeException">A step is not one of the schedule.</exception>
    public void Rates(ReadOnlySpan<int> steps, Span<double> signal, Span<double> noise)
    {
        for (int i = 0; i < steps.Length; i++)
        {
            if ((uint)steps[i] >= (uint)Steps)
                throw new ArgumentOutOfRangeException(
                    nameof(steps), $"NoiseSchedule: expected steps from 0 to {Steps - 1}, found {steps[i]} of sample {i}.");
            signal[i] = Math.Sqrt(_alphaBars[steps[i]]);
            noise[i] = Math.Sqrt(1 - _alphaBars[steps[i]]);
        }
    }

    /// <summary>Hands factors of samples to a device.</summary>
    /// <param name="values">One for each sample.</param>
    /// <param name="storage">Receives them: float32 or float64, as many.</param>
    /// <exception cref="ArgumentException">The storage does not hold one number for each sample.</exception>
    public static void Upload(ReadOnlySpan<double> values, Storage storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        if (storage.DType == DType.Float64)
        {
            storage.CopyFrom<double>(values);
            return;
        }

        float[] single = new float[values.Length];
        for (int i = 0; i < single.Length; i++) single[i] = (float)values[i];
        storage.CopyFrom<float>(single);
    }

    /// <summary>The forward noising step: x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e.</summary>
    /// <param name="clean">x_0, [samples, width].</param>
    /// <param name="gaussian">e, standard normal, as many.</param>
    /// <param name="signal">sqrt(abar_t) of each sample, from <see cref="Rates(ReadOnlySpan{int}, Storage, Storage)"/>.</param>
    /// <param name="noise">sqrt(1 - abar_t) of each sample.</param>
    /// <param name="noisy">Receives x_t, as many.</param>
    /// <exception cref="ArgumentException">The storages differ in device or type, or their lengths do not fit.</exception>
    public static void AddNoise(Storage clean, Storage gaussian, Storage signal, Storage noise, Storage noisy)
    {
        int samples = signal.Length;
        if (samples == 0 || clean.Length % samples != 0)
            throw new ArgumentException($"AddNoise: expected rows of {samples} samples, found {clean.Length} elements.");
        Shape image = new(samples, clean.Length / samples);
        Shape rate = new(samples, 1);
        Map.Quaternary(clean, image, gaussian, image, signal, rate, noise, rate, noisy, image, default(Noising));
    }

    private static void CheckSteps(int steps)
    {
        if (steps < 1) throw new ArgumentOutOfRangeException(
            nameof(steps), steps, $"NoiseSchedule: expected at least one step, found {steps}.");
    }

    private static void CheckBeta(double beta, string name)
    {
        if (!(beta is > 0 and < 1)) throw new ArgumentOutOfRangeException(
            name, beta, $"NoiseSchedule: a beta must be between 0 and 1, found {beta}.");
    }

    internal readonly struct Noising : IQuaternaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Apply<T>(T clean, T gaussian, T signal, T noise)
            where T : unmanaged, ILane<T> => T.MulAdd(signal, clean, noise * gaussian);
    }
}
