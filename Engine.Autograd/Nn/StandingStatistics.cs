namespace Engine.Autograd.Nn;

/// <summary>
/// Statistics of batch normalisation for weights that were not trained with them, such as the average of a generator's weights (Brock et
/// al. 2018, BigGAN, arXiv:1809.11096, section 3: standing statistics): the mean over several batches, which then stand in for the running
/// ones of training.
/// </summary>
public static class StandingStatistics
{
    /// <summary>
    /// Sets the running statistics of every <see cref="BatchNorm"/> in a module to the mean of those of some batches. All else in the
    /// module is in evaluation mode meanwhile, so that nothing but these statistics changes.
    /// </summary>
    /// <param name="module">The module, with the weights that it will be evaluated with.</param>
    /// <param name="passes">The number of batches; at least 1.</param>
    /// <param name="pass">Passes a new batch through the module; it gets the number of the batch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no passes.</exception>
    public static void Gather(Module module, int passes, Action<int> pass)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(pass);
        if (passes < 1) throw new ArgumentOutOfRangeException(
            nameof(passes), passes, $"StandingStatistics: expected at least 1 pass, found {passes}.");
        (BatchNorm Norm, double Momentum)[] all =
            [.. module.Modules().OfType<BatchNorm>().Distinct().Select(norm => (norm, norm.Momentum))];
        using IDisposable evaluation = module.Evaluating();
        try
        {
            foreach ((BatchNorm norm, _) in all) norm.Train();
            for (int k = 0; k < passes; k++)
            {
                // m_k = m_(k-1) + (b_k - m_(k-1)) / k, counted from 1: the mean of the first k
                foreach ((BatchNorm norm, _) in all) norm.Momentum = 1.0 / (k + 1);
                pass(k);
            }
        }
        finally
        {
            foreach ((BatchNorm norm, double momentum) in all) norm.Momentum = momentum;
        }
    }
}
