using Engine.Autograd;
using Engine.Autograd.Losses;

namespace Engine.Models.Adversarial;

/// <summary>
/// What the two networks of a GAN are trained for: binary cross-entropy, with the generator's non-saturating form (Goodfellow et al. 2014,
/// arXiv:1406.2661, section 3).
/// </summary>
/// <param name="FromLogits">
/// True when D gives logits, the log-odds that a sample is real; false when D ends in a sigmoid and gives probabilities. The losses are the
/// same; from logits they are accurate however sure D is.
/// </param>
/// <param name="DiscriminatorWeight">
/// What D's loss is multiplied by. One half averages over real and generated samples instead of adding, and so slows D down under an
/// optimiser whose steps grow with the gradient; Adam's do not.
/// </param>
public sealed record GanObjective(bool FromLogits = false, double DiscriminatorWeight = 1)
{
    /// <summary>L_D = -w (E[log D(x)] + E[log(1 - D(G(z)))]), in nats.</summary>
    /// <param name="onReal">What D gives for real samples, [samples, 1].</param>
    /// <param name="onGenerated">What D gives for generated ones, [samples, 1].</param>
    /// <exception cref="ArgumentException">The tensors hold neither float32 nor float64.</exception>
    public Tensor DiscriminatorLoss(Tensor onReal, Tensor onGenerated)
    {
        ArgumentNullException.ThrowIfNull(onReal);
        ArgumentNullException.ThrowIfNull(onGenerated);
        Tensor loss = CrossEntropy(onReal, 1) + CrossEntropy(onGenerated, 0);
        return DiscriminatorWeight == 1 ? loss : DiscriminatorWeight * loss;
    }

    /// <summary>L_G = -E[log D(G(z))], in nats: small when D takes generated samples for real ones.</summary>
    /// <param name="onGenerated">What D gives for generated samples, [samples, 1].</param>
    /// <exception cref="ArgumentException">The tensor holds neither float32 nor float64.</exception>
    public Tensor GeneratorLoss(Tensor onGenerated)
    {
        ArgumentNullException.ThrowIfNull(onGenerated);
        return CrossEntropy(onGenerated, 1);
    }

    // The mean over samples of the cross-entropy with one answer: 1 for real, 0 for generated.
    private Tensor CrossEntropy(Tensor output, int answer)
    {
        Tensor answers = answer == 1 ? Tensor.Ones(output.Shape, output.DType) : Tensor.Zeros(output.Shape, output.DType);
        return FromLogits ? Loss.BinaryCrossEntropyFromLogits(output, answers) : Loss.BinaryCrossEntropy(output, answers);
    }
}

/// <summary>The losses of a training step of a GAN, in nats.</summary>
/// <param name="Discriminator">On real samples plus on generated ones; 2 log 2 when it cannot tell them apart.</param>
/// <param name="Generator">How far the discriminator is from taking generated samples for real ones; log 2 when it cannot tell.</param>
public readonly record struct GanLosses(Reading Discriminator, Reading Generator);
