using Engine.Kernels.Sampling;

namespace Engine.Models.Diffusion;

/// <summary>What the options of a program that trains a diffusion model decided; see <see cref="DiffusionOptions"/>.</summary>
public sealed record DiffusionChoices
{
    /// <summary>What the network predicts.</summary>
    public Prediction Prediction { get; init; } = Prediction.Noise;

    /// <summary>The noise that each step adds.</summary>
    public required NoiseSchedule Schedule { get; init; }

    /// <summary>The variance of a step back.</summary>
    public ReverseVariance Variance { get; init; } = ReverseVariance.Posterior;

    /// <summary>The size of the network.</summary>
    public required UnetOptions Network { get; init; }

    /// <summary>How far samples go towards their class.</summary>
    public double Guidance { get; init; } = 1;

    /// <summary>Whether samples come by ancestral sampling; else by implicit sampling.</summary>
    public bool IsAncestral { get; init; }

    /// <summary>Steps that a sample takes.</summary>
    public required int SampleSteps { get; init; }

    /// <summary>How much of the noise implicit sampling draws anew.</summary>
    public double Eta { get; init; }

    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Epochs from one sheet of samples to the next.</summary>
    public int Every { get; init; } = 1;

    /// <summary>Samples on a sheet.</summary>
    public int Samples { get; init; } = 60;

    /// <summary>How many images to train on at most; 0 for all.</summary>
    public int Images { get; init; }

    /// <summary>Images that each step's term of the bound is averaged over; 0 leaves the bound out.</summary>
    public int BoundImages { get; init; }

    /// <summary>The weights of a classifier that counts the classes of samples; null for none.</summary>
    public string? Classifier { get; init; }

    /// <summary>Whether the network is told classes.</summary>
    public bool IsConditional => Network.Classes > 0;

    /// <summary>The sampler that was asked for.</summary>
    /// <param name="model">The model.</param>
    public DiffusionSampler Sampler(DenoisingDiffusion model) => IsAncestral
        ? new DdpmSampler(model, SampleSteps) { Guidance = Guidance }
        : new DdimSampler(model, SampleSteps, Eta) { Guidance = Guidance };
}
