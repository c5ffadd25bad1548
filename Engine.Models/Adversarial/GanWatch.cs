using Engine.Models.Metrics;
using Engine.Models.Training;

namespace Engine.Models.Adversarial;

/// <summary>
/// Watches the training of a GAN for the two ways in which it fails, and warns of them in words, in the console and in the report: a
/// discriminator that has won while the generator's gradient vanishes (Arjovsky and Bottou 2017, arXiv:1701.04862), and samples that
/// collapse (Salimans et al. 2016, arXiv:1606.03498, section 3.2).
/// </summary>
/// <example>
/// <code>
/// GanWatch watch = new(trainer);
/// ...
/// GanLosses losses = gan.Step(batch.Images, [batch.Count, 784]);
/// trainer.Report(losses.Named());
/// trainer.Observe(losses.Signs());
/// ...
/// watch.Look(gan.Sample(noise), data, 784);     // after an epoch
/// </code>
/// </example>
/// <param name="trainer">What trains the GAN, and gets <see cref="GanLosses.Signs"/> at each step.</param>
public sealed class GanWatch(Trainer trainer)
{
    /// <summary>The name of the discriminator's accuracy among what is observed.</summary>
    public const string AccuracyName = "d_accuracy";

    /// <summary>The name of the norm of the generator's gradient among what is observed.</summary>
    public const string GradientName = "g_gradient";

    /// <summary>
    /// The accuracy from which on the discriminator has won, and the part of its former norm below which a gradient vanishes.
    /// </summary>
    private const double Won = 0.99, Vanished = 0.02;

    /// <summary>The share of samples that are near another one beyond which they have collapsed.</summary>
    private const double Collapsed = 0.5;

    /// <summary>The points of the curves, of those at the end, that must show it: a bad moment is none.</summary>
    private const int Lasting = 20;

    private readonly Trainer _trainer = trainer ?? throw new ArgumentNullException(nameof(trainer));

    /// <summary>Looks at the curves, and warns where the discriminator has won and the generator learns no more.</summary>
    public void Look()
    {
        _trainer.Progress.ReadLosses();
        IReadOnlyList<double> accuracy = Curve(AccuracyName), gradient = Curve(GradientName);
        if (Vanishing(accuracy, gradient) is { } text) _trainer.Warn("vanishing gradient", $"epoch {_trainer.Epoch}: {text}");
    }

    /// <summary>Looks at the curves and at samples, and warns where samples are nearer to each other than samples of the data.</summary>
    /// <param name="samples">[samples, length], in row-major order: as many as there are of the data count.</param>
    /// <param name="data">Samples of the data in the same form.</param>
    /// <param name="length">Elements of a sample.</param>
    public void Look(ReadOnlySpan<float> samples, ReadOnlySpan<float> data, int length)
    {
        Look();
        int compared = Math.Min(samples.Length, data.Length) / length * length;
        if (compared < 2 * length) return;
        double share = SampleVariety.RepeatedShare(samples[..compared], data, length);
        if (share > Collapsed) _trainer.Warn("collapse", FormattableString.Invariant(
            $"epoch {_trainer.Epoch}: {100 * share:0} % of the samples repeat each other, of the data 5 %: they collapse."));
    }

    /// <summary>What the curves of accuracy and gradient say of the game, where it is lost; null elsewhere.</summary>
    internal static string? Vanishing(IReadOnlyList<double> accuracy, IReadOnlyList<double> gradient)
    {
        if (accuracy.Count < Lasting || gradient.Count < 2 * Lasting) return null;
        double share = accuracy.Skip(accuracy.Count - Lasting).Average(), norm = gradient.Skip(gradient.Count - Lasting).Average(),
            most = gradient.Max();
        return share < Won || norm > Vanished * most ? null : FormattableString.Invariant(
            $"the discriminator tells {100 * share:0.0} % of the samples right, and the norm of the generator's gradient has fallen from ")
            + FormattableString.Invariant($"{most:0.###} to {norm:0.#####}: the generator learns next to nothing.");
    }

    private IReadOnlyList<double> Curve(string name) =>
        _trainer.Progress.StepCurves.FirstOrDefault(curve => curve.Name == name)?.Means ?? [];
}
