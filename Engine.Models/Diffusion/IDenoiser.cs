using Engine.Autograd;
using Engine.Kernels;

namespace Engine.Models.Diffusion;

/// <summary>
/// Predicts the noise in noisy images: a network or, for data of a known distribution, the exact optimum.
/// </summary>
public interface IDenoiser
{
    /// <summary>The device that it computes on.</summary>
    Device Device { get; }

    /// <summary>The type of its elements.</summary>
    DType DType { get; }

    /// <summary>The number of classes that it is conditioned on; 0 for an unconditional network.</summary>
    int Classes { get; }

    /// <summary>Its prediction.</summary>
    /// <param name="noisy">x_t: [samples, ..., channels].</param>
    /// <param name="steps">t of each sample.</param>
    /// <param name="labels">The class of each sample, -1 for none; empty for none at all.</param>
    /// <returns>[samples, ..., channels]; for a learned variance [samples, ..., 2 channels], the second half of which says where the
    /// variance lies.</returns>
    Tensor Predict(Tensor noisy, ReadOnlySpan<int> steps, ReadOnlySpan<int> labels);
}

/// <summary>
/// What a network predicts of a noisy image x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e. Each of the three follows from each other and x_t.
/// </summary>
public enum Prediction
{
    /// <summary>The noise e (Ho et al. 2020, arXiv:2006.11239).</summary>
    Noise,

    /// <summary>The clean image x_0.</summary>
    Clean,

    /// <summary>The velocity v = sqrt(abar_t) e - sqrt(1 - abar_t) x_0 (Salimans and Ho 2022, arXiv:2202.00512).</summary>
    Velocity,
}

/// <summary>The prediction of a model for noisy images.</summary>
/// <param name="Clean">The predicted clean images: its mean of x_0 given x_t.</param>
/// <param name="Share">
/// With a learned variance: where its logarithm lies between the posterior's (-1) and that of beta (1), for each pixel. Else null.
/// </param>
public readonly record struct Denoised(Tensor Clean, Tensor? Share);

/// <summary>The variance of a reverse step, p(x_(t-1) | x_t).</summary>
public enum ReverseVariance
{
    /// <summary>
    /// That of q(x_(t-1) | x_t, x_0), as if x_0 were known: right for data that are a single point (Ho et al. 2020, section 3.2).
    /// </summary>
    Posterior,

    /// <summary>beta_t: right for data that are standard normal.</summary>
    Beta,

    /// <summary>Between the two, for each pixel as the network says (Nichol and Dhariwal 2021, arXiv:2102.09672, equation 15).</summary>
    Learned,
}
