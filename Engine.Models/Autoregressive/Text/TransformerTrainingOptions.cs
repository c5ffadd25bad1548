namespace Engine.Models.Autoregressive.Text;

/// <summary>How a <see cref="Transformer"/> is trained; what is not told is nanoGPT's setting for a CPU.</summary>
/// <param name="Steps">The steps over which the learning rate falls.</param>
public sealed record TransformerTrainingOptions(int Steps)
{
    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>The steps over which it rises.</summary>
    public int WarmUp { get; init; } = 100;

    /// <summary>The decay of the mean square of the gradients.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <summary>The decay of matrices: times the learning rate, the share that is taken off in a step.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>The norm to which the gradient is clipped.</summary>
    public double LargestNorm { get; init; } = 1;

    /// <summary>Refuses what cannot be.</summary>
    /// <exception cref="ArgumentException">A number is out of its range; the message names it.</exception>
    internal void Check()
    {
        if (Steps < 1) throw new ArgumentException($"TransformerTraining: Steps must be at least 1, was {Steps}.");
        if (WarmUp < 0) throw new ArgumentException($"TransformerTraining: WarmUp must be at least 0, was {WarmUp}.");
    }
}
