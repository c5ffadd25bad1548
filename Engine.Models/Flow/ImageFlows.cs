using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels.Norms;

namespace Engine.Models.Flow;

/// <summary>The image flows of the lesson, for square images with a side that four divides.</summary>
public static class ImageFlows
{
    /// <summary>
    /// NICE (Dinh et al. 2014, arXiv:1410.8516, section 5.1): couplings of even and odd pixels that add what a network of ReLU layers
    /// gives, a scale for each pixel, logistic latents.
    /// </summary>
    /// <param name="side">Rows and columns.</param>
    /// <param name="couplings">Coupling layers; 4 in the paper.</param>
    /// <param name="hidden">Width of the networks' layers; 1000 in the paper.</param>
    /// <param name="layers">Hidden layers of each network; 5 in the paper.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="channels">Channels of an image: 1 grey, 3 RGB.</param>
    public static ImageFlow Nice(int side, int couplings, int hidden, int layers, ModuleOptions options, int channels = 1)
    {
        int pixels = side * side * channels, half = pixels / 2;
        DiagonalScaling scaling = new(pixels, options);
        Module[] networks = [.. Enumerable.Range(0, couplings)
            .Select(i => new LatentUnits(Dense(half, hidden, layers, half, options), scaling, i % 2))];
        Composition transform = new(new Flattened([side, side, channels]), new CouplingChain(networks, new AdditiveBijector()), scaling);
        return new ImageFlow(new NormalizingFlow(transform, BaseDistribution.Logistic, [side, side, channels]));
    }

    /// <summary>
    /// RealNVP (Dinh et al. 2016, arXiv:1605.08803) in two scales: logit; checkerboard couplings, as couplings of channels after a squeeze
    /// in the order of a checkerboard; half of the channels done; another squeeze and couplings of channels. Gaussian latents.
    /// </summary>
    /// <param name="side">Rows and columns.</param>
    /// <param name="couplings">Couplings of the first scale, and of the second.</param>
    /// <param name="hidden">Channels of the networks at the first scale, and at the second.</param>
    /// <param name="blocks">Gated residual blocks of each network.</param>
    /// <param name="variational">Whether the noise of dequantisation is learned, too.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="channels">Channels of an image: 1 grey, 3 RGB.</param>
    public static ImageFlow RealNvp(
        int side, (int First, int Second) couplings, (int First, int Second) hidden, int blocks, bool variational, ModuleOptions options,
        int channels = 1)
    {
        FlowTransform first = new Composition(
            [new Squeeze(checkerboard: true), .. Couplings(couplings.First, 4 * channels, hidden.First, blocks, options)]);
        FlowTransform second = new Composition(
            [new Squeeze(), .. Couplings(couplings.Second, 8 * channels, hidden.Second, blocks, options)]);
        Composition transform = new(new LogitTransform(), new MultiScale([first, second], [side, side, channels]));
        return Model(transform, side, channels, variational, options);
    }

    /// <summary>
    /// The first flow of the UvA tutorial: logit and couplings with the mask of a checkerboard, all at the full size. Gaussian latents.
    /// </summary>
    /// <param name="side">Rows and columns.</param>
    /// <param name="couplings">Couplings; 8 in the tutorial.</param>
    /// <param name="hidden">Channels of the networks; 32 in the tutorial.</param>
    /// <param name="blocks">Gated residual blocks; 3 in the tutorial.</param>
    /// <param name="variational">Whether the noise of dequantisation is learned, too.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="channels">Channels of an image: 1 grey, 3 RGB.</param>
    public static ImageFlow Checkerboards(
        int side, int couplings, int hidden, int blocks, bool variational, ModuleOptions options, int channels = 1)
    {
        IEnumerable<FlowTransform> parts = Enumerable.Range(0, couplings).Select(
            i => new MaskedImageCoupling(
                new GatedConvolutions(channels, hidden, 2 * channels, blocks, options), side, side, channels,
                changesEven: i % 2 == 0, options));
        Composition transform = new([new LogitTransform(), .. parts, new Flattened([side, side, channels])]);
        return Model(transform, side, channels, variational, options);
    }

    /// <summary>
    /// Glow (Kingma and Dhariwal 2018, arXiv:1807.03039) in two scales: steps of <see cref="ActNorm"/>, <see cref="InvertibleConvolution"/>
    /// and <see cref="ChannelCoupling"/>, and a learned prior of the half that is done after the first scale. Gaussian latents.
    /// </summary>
    /// <param name="side">Rows and columns.</param>
    /// <param name="steps">Steps of each scale.</param>
    /// <param name="hidden">Channels of the networks: 3 x 3, ReLU, 1 x 1, ReLU, 3 x 3.</param>
    /// <param name="variational">Whether the noise of dequantisation is learned, too.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="channels">Channels of an image: 1 grey, 3 RGB.</param>
    public static ImageFlow Glow(int side, int steps, int hidden, bool variational, ModuleOptions options, int channels = 1)
    {
        FlowTransform[] scales = [Scale(4 * channels), Scale(8 * channels)];
        Module prior = new Conv2d(
            2 * channels, 4 * channels, 3, options, padding: ConvPadding.Same, weightInitializer: Initializers.Zeros,
            biasInitializer: Initializers.Zeros);
        Composition transform = new(new LogitTransform(), new MultiScale(scales, [side, side, channels], [prior]));
        return Model(transform, side, channels, variational, options);

        FlowTransform Scale(int features)
        {
            List<FlowTransform> parts = [new Squeeze()];
            for (int i = 0; i < steps; i++)
            {
                Sequential network = new(
                    new Conv2d(features / 2, hidden, 3, options, padding: ConvPadding.Same), new Relu(),
                    new Conv2d(hidden, hidden, 1, options), new Relu(),
                    new Conv2d(hidden, features, 3, options, padding: ConvPadding.Same, weightInitializer: Initializers.Zeros,
                        biasInitializer: Initializers.Zeros));
                parts.Add(new ActNorm(features, options));
                parts.Add(new InvertibleConvolution(features, options));
                parts.Add(new ChannelCoupling(network, features, changesFirst: false, options));
            }

            return new Composition([.. parts]);
        }
    }

    /// <summary>A network of ReLU layers whose last layer begins at zero, so that a coupling begins as the identity.</summary>
    /// <param name="inputs">Features in.</param>
    /// <param name="hidden">Width of the hidden layers.</param>
    /// <param name="layers">Hidden layers; at least 1.</param>
    /// <param name="outputs">Features out.</param>
    /// <param name="options">Device, element type and random stream.</param>
    public static Sequential Dense(int inputs, int hidden, int layers, int outputs, ModuleOptions options)
    {
        List<Module> parts = [];
        for (int i = 0; i < layers; i++)
        {
            parts.Add(new Linear(i == 0 ? inputs : hidden, hidden, options));
            parts.Add(new Relu());
        }

        parts.Add(new Linear(hidden, outputs, options, weightInitializer: Initializers.Zeros, biasInitializer: Initializers.Zeros));
        return new Sequential([.. parts]);
    }

    private static IEnumerable<FlowTransform> Couplings(
        int count, int channels, int hidden, int blocks, ModuleOptions options, int context = 0) =>
        Enumerable.Range(0, count)
            .Select(i => new ChannelCoupling(
                new GatedConvolutions((channels / 2) + context, hidden, channels, blocks, options), channels, changesFirst: i % 2 == 0,
                options));

    // The noise: four couplings of a checkerboard, which see the image (four times its channels after the squeeze) beside what is kept
    // of the noise (half as many). At full size they cost as much as the flow.
    private static ImageFlow Model(FlowTransform transform, int side, int channels, bool variational, ModuleOptions options) => new(
        new NormalizingFlow(transform, BaseDistribution.Gaussian, [side, side, channels]),
        variational ? new Squeezed(new Composition([.. Couplings(4, 4 * channels, 32, 2, options, context: 4 * channels)])) : null);
}
