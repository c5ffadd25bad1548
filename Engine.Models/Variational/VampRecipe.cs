using Engine.Autograd;
using Engine.Autograd.Nn;

namespace Engine.Models.Variational;

/// <summary>
/// The two-level model of Tomczak and Welling (2018, arXiv:1705.07120, section 5): gated layers of 300 units, 40 dimensions in each level,
/// log-variances held between -6 and 2, He's initial weights.
/// </summary>
public static class VampRecipe
{
    /// <summary>Passes over the data; the paper stops where the validation images do.</summary>
    public const int Epochs = 150;

    /// <summary>Images in a batch.</summary>
    public const int Batch = 100;

    /// <summary>The share of the average of the weights that stays at each step; the paper has no average.</summary>
    public const double AverageDecay = 0.9995;

    /// <summary>Units of a layer.</summary>
    public const int Hidden = 300;

    /// <summary>Dimensions of each level.</summary>
    public const int Latent = 40;

    /// <summary>The model.</summary>
    /// <param name="pixelLogits">What the decoder's output starts at: <see cref="BinaryImages.MeanLogits"/>.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="prior">Makes p(z2) from q(z2|x); null for N(0, 1).</param>
    /// <param name="latent">Dimensions of each level.</param>
    /// <param name="hidden">Units of a layer.</param>
    public static HierarchicalVae Network(
        ReadOnlySpan<float> pixelLogits, ModuleOptions options, Func<GaussianEncoder, LatentPrior>? prior = null, int latent = Latent,
        int hidden = Hidden)
    {
        int pixels = pixelLogits.Length;
        Initializer weights = Initializers.HeNormal, zero = Initializers.Zeros;
        Linear output = new(hidden, pixels, options, true, Initializers.XavierUniform(), zero);
        output.Bias!.Set(pixelLogits);
        HierarchicalVaeNetworks networks = new()
        {
            SecondEncoder = Gaussian(new Sequential(Layer(pixels), Layer(hidden))),
            ImageFeatures = Layer(pixels),
            LatentFeatures = Layer(latent),
            FirstEncoder = Gaussian(Layer(2 * hidden)),
            FirstPrior = Gaussian(new Sequential(Layer(latent), Layer(hidden))),
            FirstDecoderFeatures = Layer(latent),
            SecondDecoderFeatures = Layer(latent),
            Decoder = new Sequential(Layer(2 * hidden), output),
        };
        return new HierarchicalVae(networks, prior?.Invoke(networks.SecondEncoder));

        GatedLinear Layer(int inputs) => new(inputs, hidden, options, weights, zero);

        GaussianEncoder Gaussian(Module body) =>
            new(body, hidden, latent, options, Initializers.XavierUniform(), zero, logVariances: (-6, 2));
    }
}
