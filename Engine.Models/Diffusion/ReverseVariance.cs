namespace Engine.Models.Diffusion;

/// <summary>The variance of a step back, p(x_(t-1) | x_t).</summary>
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
