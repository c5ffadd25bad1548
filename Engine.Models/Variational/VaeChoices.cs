namespace Engine.Models.Variational;

/// <summary>What the options of a program that trains a VAE decided; see <see cref="VaeOptions"/>.</summary>
public sealed record VaeChoices
{
    /// <summary>Which encoder and decoder.</summary>
    public required VaeNetwork Network { get; init; }

    /// <summary>Dimensions of z.</summary>
    public required int Latent { get; init; }

    /// <summary>How grey pixels become zeros and ones.</summary>
    public required Binarization Binarization { get; init; }

    /// <summary>What is minimised, after the warm-up.</summary>
    public required VaeObjective Objective { get; init; }

    /// <summary>Epochs over which the weight of the divergence rises from 0.</summary>
    public int WarmUp { get; init; }

    /// <summary>How many times faster than in the paper its learning rate falls.</summary>
    public int Pace { get; init; } = 1;

    /// <summary>The learning rate at the beginning of half a cosine; 0 for the network's own schedule.</summary>
    public double LearningRate { get; init; }

    /// <summary>Importance samples for the likelihood of test images; 0 for none.</summary>
    public int TestSamples { get; init; }

    /// <summary>How many test images are measured on, at most.</summary>
    public int TestImages { get; init; }

    /// <summary>The class that is held out of training; null for none.</summary>
    public int? Anomaly { get; init; }

    /// <summary>Whether softmax regression is trained on the latents.</summary>
    public bool Probe { get; init; }

    /// <summary>Whether log p(x) means something: pixels are 0 or 1, and the model gives their probabilities.</summary>
    public bool HasLikelihood => Binarization != Binarization.None && Objective.Reconstruction == Reconstruction.Bernoulli;

    /// <summary>The objective in the middle of training: the weight of the divergence rises linearly over the warm-up.</summary>
    /// <param name="epochs">Epochs gone, with the part of the current one.</param>
    public VaeObjective ObjectiveAt(double epochs) =>
        epochs >= WarmUp ? Objective : Objective with { Beta = Objective.Beta * epochs / WarmUp };
}
