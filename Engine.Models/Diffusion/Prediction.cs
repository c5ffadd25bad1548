namespace Engine.Models.Diffusion;

/// <summary>
/// What a network says of a noisy image x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) e. Each of the three follows from each other and x_t.
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
