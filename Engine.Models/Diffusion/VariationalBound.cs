namespace Engine.Models.Diffusion;

/// <summary>
/// The variational bound of -log p(x_0), in bits for each number of an image: what a code built on the model would need at most (Ho et al.
/// 2020, arXiv:2006.11239, equation 5).
/// </summary>
/// <param name="Terms">L_t of each step; the first is the decoder's, -log p(x_0 | x_1).</param>
/// <param name="Prior">L_T, how far q(x_T | x_0) is from standard normal noise.</param>
/// <param name="Images">How many images each term was averaged over.</param>
public sealed record VariationalBound(IReadOnlyList<double> Terms, double Prior, int Images)
{
    /// <summary>The bound: the sum of all terms.</summary>
    public double Total => Terms.Sum() + Prior;
}
