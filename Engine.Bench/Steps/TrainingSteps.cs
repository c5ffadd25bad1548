using Engine.Kernels;

namespace Engine.Bench.Steps;

/// <summary>The models whose training steps are timed, by name; Peers/torch_steps.py has the same.</summary>
internal static class TrainingSteps
{
    private static readonly Dictionary<string, Func<Device, ITrainingStep>> s_makers = new()
    {
        ["gan"] = GanStep.FullyConnected,
        ["dcgan"] = GanStep.Convolutional,
        ["vae_mlp"] = VaeStep.FullyConnected,
        ["vae_conv"] = VaeStep.Convolutional,
        ["pixelcnn3"] = device => new PixelCnnStep(device, 3),
        ["pixelcnn7"] = device => new PixelCnnStep(device, 7),
        ["gpt"] = GptStep.Create,
        ["ddpm"] = DdpmStep.Make,
        ["realnvp784"] = RealNvpStep.Images,
        ["realnvp2d"] = RealNvpStep.Plane,
    };

    internal static string[] Names => [.. s_makers.Keys];

    internal static ITrainingStep Make(string model, Device device) => s_makers[model](device);
}
