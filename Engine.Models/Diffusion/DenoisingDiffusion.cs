using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.Sampling;

namespace Engine.Models.Diffusion;

/// <summary>
/// A denoising diffusion model (Ho et al. 2020, arXiv:2006.11239): noise is added to images in many small steps until nothing else is left,
/// and a network learns to remove it, so that a sampler can go back from pure noise (<see cref="DdpmSampler"/>,
/// <see cref="DdimSampler"/>).
/// </summary>
public sealed partial class DenoisingDiffusion
{
    private const int UnconditionalLabel = -1;

    /// <summary>Joins a network to a process.</summary>
    /// <param name="denoiser">The network; with a learned variance it gives two values for each input value.</param>
    /// <param name="schedule">The noise that each step adds.</param>
    /// <param name="prediction">What the network predicts.</param>
    /// <param name="variance">The variance of a reverse step.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such prediction or variance.</exception>
    /// <exception cref="ArgumentException">The network predicts the noise of a schedule that leaves no signal at its end
    /// (<see cref="NoiseSchedule.WithZeroTerminalSnr"/>), where that says nothing of the image.</exception>
    public DenoisingDiffusion(
        IDenoiser denoiser, NoiseSchedule schedule, Prediction prediction = Prediction.Noise,
        ReverseVariance variance = ReverseVariance.Posterior)
    {
        ArgumentNullException.ThrowIfNull(denoiser);
        if (!Enum.IsDefined(prediction)) throw new ArgumentOutOfRangeException(
            nameof(prediction), prediction, "DenoisingDiffusion: there is no such prediction.");
        if (!Enum.IsDefined(variance)) throw new ArgumentOutOfRangeException(
            nameof(variance), variance, "DenoisingDiffusion: there is no such variance.");
        ArgumentNullException.ThrowIfNull(schedule);
        if (prediction == Prediction.Noise && schedule.SignalLeft == 0) throw new ArgumentException(
            $"DenoisingDiffusion: the {schedule.Name} schedule leaves no signal after its last step, where x_t is the noise and says "
            + $"nothing of x_0: expected {Prediction.Velocity} or {Prediction.Clean} to be predicted, found {prediction}.");
        (Denoiser, Process, Prediction, Variance) = (denoiser, new DiffusionProcess(schedule), prediction, variance);
    }

    /// <summary>The network.</summary>
    public IDenoiser Denoiser { get; }

    /// <summary>The process that it was trained with.</summary>
    public DiffusionProcess Process { get; }

    /// <summary>What the network predicts.</summary>
    public Prediction Prediction { get; }

    /// <summary>The variance of a reverse step.</summary>
    public ReverseVariance Variance { get; }

    /// <summary>The clean images that the network predicts from noisy ones.</summary>
    /// <param name="process">The process, or one of fewer of its steps.</param>
    /// <param name="noisy">x_t: [samples, ...].</param>
    /// <param name="steps">t of each sample, counted in <paramref name="process"/>.</param>
    /// <param name="labels">The class of each sample, -1 for none; empty for none at all.</param>
    /// <param name="guidance">
    /// How far to go from the prediction without class, at 0, to that with the class, at 1, and beyond (Ho and Salimans 2022,
    /// arXiv:2207.12598, whose w is this less 1).
    /// </param>
    /// <param name="clip">Whether clean images are held within [-1, 1].</param>
    /// <exception cref="ArgumentException">The labels are not one for each sample or none, or the network's output does not
    /// fit.</exception>
    public Denoised Denoise(
        DiffusionProcess process, Tensor noisy, ReadOnlySpan<int> steps, ReadOnlySpan<int> labels = default, double guidance = 1,
        bool clip = true)
    {
        ArgumentNullException.ThrowIfNull(process);
        CheckLabels(labels, noisy);
        int[] timeSteps = new int[steps.Length];
        for (int i = 0; i < timeSteps.Length; i++) timeSteps[i] = process.Schedule.TimeSteps[steps[i]];
        bool isGuided = labels.Length > 0 && guidance != 1;
        (Tensor predicted, Tensor? share) = Predict(noisy, timeSteps, isGuided && guidance == 0 ? default : labels);
        if (isGuided && guidance != 0)
        {
            // f = f(x) + scale (f(x, class) - f(x)), in one pass over both
            double[] with = new double[steps.Length], without = new double[steps.Length];
            Array.Fill(with, guidance);
            Array.Fill(without, 1 - guidance);
            predicted = Sampling.Combine(predicted, Predict(noisy, timeSteps, default).Predicted, with, without);
        }

        Tensor clean = process.Clean(Prediction, noisy, predicted, steps);
        return new Denoised(clip ? clean.Clamp(-1, 1) : clean, share);
    }

    /// <summary>Disables dropout until the result is disposed; null where the network has no such mode.</summary>
    internal IDisposable? Evaluating() => (Denoiser as Module)?.Evaluating();

    /// <summary>The logarithm of the variance of a reverse step: [samples, 1, ...], or for each pixel where it is learned.</summary>
    /// <param name="process">The process, or one of fewer of its steps.</param>
    /// <param name="denoised">The prediction of the network.</param>
    /// <param name="steps">t of each sample.</param>
    public Tensor LogVariance(DiffusionProcess process, Denoised denoised, ReadOnlySpan<int> steps)
    {
        ArgumentNullException.ThrowIfNull(process);
        double[] largest = process.LogBetas(steps), smallest = process.PosteriorLogVariances(steps);
        if (denoised.Share is null) return DiffusionProcess.Column(Variance == ReverseVariance.Beta ? largest : smallest, denoised.Clean);

        // log variance = u log beta_t + (1 - u) log posterior variance, with u = (1 + share) / 2
        double[] slope = new double[steps.Length], middle = new double[steps.Length];
        for (int i = 0; i < slope.Length; i++) (slope[i], middle[i]) = ((largest[i] - smallest[i]) / 2, (largest[i] + smallest[i]) / 2);
        return (denoised.Share * DiffusionProcess.Column(slope, denoised.Clean)) + DiffusionProcess.Column(middle, denoised.Clean);
    }

    private (Tensor Predicted, Tensor? Share) Predict(Tensor noisy, ReadOnlySpan<int> steps, ReadOnlySpan<int> labels)
    {
        Tensor output = Denoiser.Predict(noisy, steps, labels);
        int channels = noisy.Shape[-1];
        bool isLearned = Variance == ReverseVariance.Learned;
        Shape expected = noisy.Shape.With(-1, isLearned ? 2 * channels : channels);
        if (output.Shape != expected)
            throw new ArgumentException(
                $"DenoisingDiffusion: for {noisy.Shape} and variance {Variance} the network must give {expected}, found {output.Shape}.");
        return isLearned ? (output.Slice(-1, 0, channels), output.Slice(-1, channels, channels)) : (output, null);
    }

    private void CheckLabels(ReadOnlySpan<int> labels, Tensor images)
    {
        if (labels.Length == 0) return;
        if (Denoiser.Classes == 0) throw new ArgumentException(
            $"DenoisingDiffusion: found {labels.Length} labels, but the network is unconditional.");
        if (labels.Length != images.Shape[0]) throw new ArgumentException(
            $"DenoisingDiffusion: expected {images.Shape[0]} labels, one for each image, found {labels.Length}.");
        foreach (int label in labels)
        {
            if (label < UnconditionalLabel || label >= Denoiser.Classes)
                throw new ArgumentException(
                    $"DenoisingDiffusion: expected labels from 0 to {Denoiser.Classes - 1}, or -1 for none, found {label}.");
        }
    }
}
