using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Pixels;
using Engine.Models.Data;
using Engine.Models.Diffusion;
using Engine.Models.Flow;

namespace Engine.Models.Comparison;

/// <summary>One model of each family, and of GANs two, of like size: about 400,000 parameters at a width of 16.</summary>
public static class Contestants
{
    /// <summary>The names of the families, in the order of the table.</summary>
    public static IReadOnlyList<string> Names { get; } = ["vae", "gan", "wgan-gp", "autoregressive", "flow", "diffusion"];

    /// <summary>Creates a model.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="width">The width of its networks, from 1.</param>
    /// <param name="options">Device and random stream; each model draws from a stream of its own.</param>
    /// <param name="size">The size of an image, square with a side that four divides; null for 28 x 28 x 1.</param>
    /// <exception cref="ArgumentException">There is no such family, or the size does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The width is less than 1.</exception>
    public static Contestant Make(string name, int width, ModuleOptions options, ImageSize? size = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ImageSize images = size ?? new ImageSize(28, 28, 1);
        if (images.Height != images.Width || images.Height % 4 != 0) throw new ArgumentException(
            $"Contestants: expected square images with a side that is a multiple of 4, found {images}.");
        ModuleOptions own = options with { Random = options.Random.Split(name) };
        return name switch
        {
            "vae" => new VaeContestant(width, images, own),
            "gan" => new GanContestant(width, images, own),
            "wgan-gp" => new GanContestant(width, images, own, wasserstein: true),
            "autoregressive" => new AutoregressiveContestant(
                new PixelCnn(
                    new PixelCnnSizes
                    {
                        Levels = 256, Features = 3 * width, Layers = Math.Min(10, width), Head = 4 * width, Channels = images.Channels,
                        Mixtures = images.Channels == 1 ? 0 : 5,
                    }, own), images, own),
            "flow" => new FlowContestant(
                ImageFlows.RealNvp(images.Height, (4, 4), (2 * width, 3 * width), 1, variational: false, own, images.Channels), images,
                own),
            "diffusion" => new DiffusionContestant(
                new Unet(
                    new UnetOptions
                    {
                        Width = width, Groups = UnetOptions.GroupsOf(width), TimeWidth = 8 * width, Channels = images.Channels,
                    }, own), images, own),
            _ => throw new ArgumentException($"There is no family '{name}': expected one of {string.Join(", ", Names)}."),
        };
    }
}
