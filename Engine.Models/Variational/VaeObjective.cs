using Engine.Autograd;
using Engine.Autograd.Losses;

namespace Engine.Models.Variational;

/// <summary>What a <see cref="LatentVariableModel"/> is trained to minimise.</summary>
public sealed record VaeObjective
{
    /// <summary>How the decoder's output explains an image.</summary>
    public Reconstruction Reconstruction { get; init; } = Reconstruction.Bernoulli;

    /// <summary>
    /// The weight of the divergence from the prior: 1 for the evidence lower bound, more for disentangled factors (Higgins et al.
    /// 2017, beta-VAE), less at the beginning of training for a warm-up (Sønderby et al. 2016, arXiv:1602.02282).
    /// </summary>
    public double Beta { get; init; } = 1;

    /// <summary>
    /// k, the samples of z for each image. With more than one and <see cref="ImportanceWeighted"/> the bound is that of Burda, Grosse and
    /// Salakhutdinov (2016, arXiv:1509.00519); else the samples are averaged.
    /// </summary>
    public int Samples { get; init; } = 1;

    /// <summary>
    /// Whether samples are weighted by importance: log of the mean of the weights, instead of the mean of their logarithms.
    /// </summary>
    public bool ImportanceWeighted { get; init; }

    /// <summary>
    /// With <see cref="ImportanceWeighted"/>: how many of the samples the gradient goes through, drawn in proportion to their weights; 0
    /// takes all. Its expectation is the same (Burda et al., section 3), and the backward pass, two thirds of the work, is paid for so many
    /// samples only.
    /// </summary>
    public int Resampled { get; init; }

    /// <summary>
    /// Weights for the parts of the divergence, each times <see cref="Beta"/> (Chen et al. 2018, beta-TC-VAE): for a <see cref="Vae"/> with
    /// a standard normal prior, without <see cref="ImportanceWeighted"/>. Null weighs all of it with <see cref="Beta"/>.
    /// </summary>
    public DivergenceWeights? Weights { get; init; }
}

/// <summary>The distribution of an image given the decoder's output.</summary>
public enum Reconstruction
{
    /// <summary>Each pixel is on with probability sigmoid(output): the loss is the binary cross-entropy from logits.</summary>
    Bernoulli,

    /// <summary>
    /// The squared error of sigmoid(output): but for a constant, each pixel normal around it with variance 1/2.
    /// </summary>
    SquaredError,
}

/// <summary>A loss to differentiate, and its parts: nats for each image, averaged over the batch.</summary>
/// <param name="Loss">What is minimised: a scalar on the tape.</param>
/// <param name="Reconstruction">-log p(x|z), or the squared error. Averaged over the samples of z.</param>
/// <param name="Divergence">
/// The divergence of q(z|x) from the prior: in closed form for one sample, else the mean of log q(z|x) - log p(z) over the samples.
/// </param>
public readonly record struct VaeLosses(Tensor Loss, Tensor Reconstruction, Tensor Divergence)
{
    /// <summary>The parts of the divergence, where the objective weighs them; else null.</summary>
    public DivergenceParts? Parts { get; init; }
}
