using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Diffusion;
using Engine.Models.Flow;

namespace Engine.Models.Comparison;

/// <summary>One model of each family, and of GANs two, of like size: about 400,000 parameters at a width of 16.</summary>
public static class Contestants
{
    private const int Side = 28;

    /// <summary>The names of the families, in the order of the table.</summary>
    public static IReadOnlyList<string> Names { get; } = ["vae", "gan", "wgan-gp", "autoregressive", "flow", "diffusion"];

    /// <summary>Creates a model.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="width">The width of its networks, from 1.</param>
    /// <param name="options">Device and random stream; each model draws from a stream of its own.</param>
    /// <exception cref="ArgumentException">There is no such family.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The width is less than 1.</exception>
    public static Contestant Make(string name, int width, ModuleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ModuleOptions own = options with { Random = options.Random.Split(name) };
        return name switch
        {
            "vae" => new VaeContestant(width, own),
            "gan" => new GanContestant(width, own),
            "wgan-gp" => new GanContestant(width, own, wasserstein: true),
            "autoregressive" => new AutoregressiveContestant(
                new PixelCnn(new PixelCnnSizes { Levels = 256, Features = 3 * width, Layers = Math.Min(10, width), Head = 4 * width },
                    own), own),
            "flow" => new FlowContestant(ImageFlows.RealNvp(Side, (4, 4), (2 * width, 3 * width), 1, variational: false, own), own),
            "diffusion" => new DiffusionContestant(
                new Unet(new UnetOptions { Width = width, Groups = UnetOptions.GroupsOf(width), TimeWidth = 8 * width }, own), own),
            _ => throw new ArgumentException($"There is no family '{name}': expected one of {string.Join(", ", Names)}."),
        };
    }
}
