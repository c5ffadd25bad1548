namespace Engine.Kernels.Norms;

/// <summary>
/// Statistics of a batch normalisation that are gathered in training, for evaluation: running = (1 - momentum) running + momentum statistic
/// of the batch.
/// </summary>
/// <param name="Mean">The running mean of each channel.</param>
/// <param name="Variance">The running variance of each channel: of the unbiased variances, divided by rows - 1.</param>
/// <param name="Momentum">The weight of the newest batch, in [0, 1].</param>
public readonly record struct RunningStatistics(Storage Mean, Storage Variance, double Momentum = 0.1);
