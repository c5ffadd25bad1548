using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels.Sampling;
using Engine.Models.Data;
using Engine.Models.Diffusion;

namespace Engine.Models.Files;

/// <summary>A diffusion model of images in [-1, 1].</summary>
public static class DiffusionFile
{
    internal const string Family = "diffusion";

    /// <summary>Describes a model and the sampler that the run chose for it.</summary>
    /// <param name="choices">The choices, with the network that was trained.</param>
    /// <param name="size">The size of an image.</param>
    public static ModelDescription Describe(DiffusionChoices choices, ImageSize size)
    {
        ArgumentNullException.ThrowIfNull(choices);
        (UnetOptions network, NoiseSchedule schedule) = (choices.Network, choices.Schedule);
        return new ModelDescription(Family, size).With("predict", choices.Prediction.ToString()).With("schedule", schedule.Name)
            .With("steps", schedule.Steps).With("zero-snr", schedule.SignalLeft == 0).With("variance", choices.Variance.ToString())
            .With("width", network.Width).With("multipliers", network.Multipliers).With("blocks", network.Blocks)
            .With("attention-levels", network.AttentionLevels).With("groups", network.Groups).With("time-features", network.TimeFeatures)
            .With("time-width", network.TimeWidth).With("classes", network.Classes).With("dropout", network.Dropout)
            .With("ancestral", choices.IsAncestral).With("sample-steps", choices.SampleSteps).With("eta", choices.Eta)
            .With("guidance", choices.Guidance);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        (ImageSize size, int steps) = (description.Size(), description.Integer("steps"));
        ReverseVariance variance = description.Choice<ReverseVariance>("variance");
        NoiseSchedule schedule =
            description.Choice("schedule", "linear", "cosine") == "linear" ? NoiseSchedule.Linear(steps) : NoiseSchedule.Cosine(steps);
        DiffusionChoices choices = new()
        {
            Prediction = description.Choice<Prediction>("predict"), Variance = variance,
            Schedule = description.Flag("zero-snr") ? schedule.WithZeroTerminalSnr() : schedule,
            Network = new UnetOptions
            {
                Channels = size.Channels, LearnsVariance = variance == ReverseVariance.Learned, Width = description.Integer("width"),
                Multipliers = description.Integers("multipliers"), Blocks = description.Integer("blocks"),
                AttentionLevels = description.Integers("attention-levels", 0), Groups = description.Integer("groups"),
                TimeFeatures = description.Integer("time-features", 2), TimeWidth = description.Integer("time-width"),
                Classes = description.Integer("classes", 0), Dropout = description.Number("dropout"),
            },
            IsAncestral = description.Flag("ancestral"), SampleSteps = description.Integer("sample-steps", 1, steps),
            Eta = description.Number("eta"), Guidance = description.Number("guidance"),
        };
        Unet unet = new Unet(choices.Network, options).Loaded(file);
        DiffusionSampler sampler = choices.Sampler(new DenoisingDiffusion(unet, choices.Schedule, choices.Prediction, choices.Variance));

        // Without noise on the way an image is a function of where it began, x_T.
        int classes = choices.Network.Classes;
        return sampler is DdimSampler { Eta: 0 }
            ? new ImageModel(
                description, (count, random, _) => NormalDraws.Of(count * size.Length, random),
                (z, count, labels, stop) => NormalDraws.FromSigned(
                    sampler.SampleFrom(z, size.Of(count), classes == 0 ? null : labels, stop)), classes, unet)
            : new ImageModel(
                description, (count, labels, random, stop) => NormalDraws.FromSigned(
                    sampler.Sample(size.Of(count), random, classes == 0 ? null : labels, cancellation: stop)), classes, unet);
    }
}
