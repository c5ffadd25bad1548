using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Kernels;
using Engine.Kernels.Losses;

namespace Engine.Models.Autoregressive.Pixels;

/// <summary>
/// The distribution of a pixel's levels as a mixture of discretised logistic ones (Salimans et al. 2017, PixelCNN++, arXiv:1701.05517,
/// section 2): few numbers for each pixel instead of one for each level, and levels that are near are likely together. The channels come in
/// order: the mean of green depends on red, that of blue on both (section 2.2). Levels are taken from -1 to 1.
/// </summary>
/// <param name="components">K, the logistic distributions of a mixture.</param>
/// <param name="channels">Channels of a pixel: 1 or 3.</param>
/// <param name="levels">Levels of a channel.</param>
internal sealed class LogisticMixture(int components, int channels, int levels)
{
    private const double LeastLogScale = -7;

    /// <summary>
    /// Numbers for each pixel: K logits of the components, then for each channel K means and K logarithms of scales, and for colour K
    /// coefficients of red in green, of red in blue, and of green in blue.
    /// </summary>
    public int Outputs { get; } = components * (1 + (2 * channels) + (channels == 3 ? 3 : 0));

    /// <summary>log p of each image, in nats: [batch].</summary>
    /// <param name="outputs">What the network gives: [batch, height, width, outputs].</param>
    /// <param name="images">Pixels in [0, 1]: [batch, height, width, channels].</param>
    public Tensor LogLikelihood(Tensor outputs, Tensor images)
    {
        Tensor x = images.Affine(2, -1);
        Tensor[] of = [.. Enumerable.Range(0, channels).Select(c => x.Slice(3, c, 1))];

        // log p(x) = log sum over k of pi_k product over c of p(x_c | k, the channels before c)
        Tensor joint = Part(outputs, 0).LogSoftmax();
        for (int c = 0; c < channels; c++)
        {
            Tensor mean = Part(outputs, 1 + c);
            if (c == 1) mean += Coefficient(outputs, 0) * of[0];
            if (c == 2) mean = mean + (Coefficient(outputs, 1) * of[0]) + (Coefficient(outputs, 2) * of[1]);
            Tensor logScale = Part(outputs, 1 + channels + c).Clamp(LeastLogScale, double.PositiveInfinity);
            joint += Autograd.Likelihoods.LogLikelihood.DiscretizedLogistic(of[c], mean, logScale, Reduction.None, levels: levels);
        }

        return joint.LogSumExp(3).Reshape(images.Shape[0], -1).Sum(1);
    }

    /// <summary>Draws pixels.</summary>
    /// <param name="outputs">What the network gives for each, one pixel after another.</param>
    /// <param name="chances">Uniform draws from [0, 1): one for each pixel's component, and one for each of its channels.</param>
    /// <param name="temperature">Divides the logits, and multiplies the scales.</param>
    /// <param name="known">What is known of the pixels, which later channels of them depend on; negative or NaN where nothing is. Empty for
    /// nothing.</param>
    /// <returns>Levels in [0, 1]: [pixels, channels].</returns>
    public float[] Draw(ReadOnlySpan<double> outputs, ReadOnlySpan<float> chances, double temperature, ReadOnlySpan<float> known)
    {
        int count = outputs.Length / Outputs;
        float[] pixels = new float[count * channels];
        Span<double> drawn = stackalloc double[3];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<double> of = outputs.Slice(i * Outputs, Outputs);
            ReadOnlySpan<float> chance = chances.Slice(i * (1 + channels), 1 + channels);
            int k = Component(of[..components], chance[0], temperature);
            for (int c = 0; c < channels; c++)
            {
                int at = (i * channels) + c;
                double mean = of[((1 + c) * components) + k];
                if (c == 1) mean += Weight(of, 0, k) * drawn[0];
                if (c == 2) mean += (Weight(of, 1, k) * drawn[0]) + (Weight(of, 2, k) * drawn[1]);
                double scale = Math.Exp(Math.Max(of[((1 + channels + c) * components) + k], LeastLogScale)) * temperature;

                // x = m + s log(u / (1 - u)), to the nearest level
                double u = Math.Clamp(chance[1 + c], 1e-5, 1 - 1e-5), x = mean + (scale * Math.Log(u / (1 - u)));
                pixels[at] = PixelModels.IsOpen(known, at)
                    ? (float)(Math.Round((Math.Clamp(x, -1, 1) + 1) / 2 * (levels - 1)) / (levels - 1)) : known[at];
                drawn[c] = (2 * pixels[at]) - 1;
            }
        }

        return pixels;
    }

    private static int Component(ReadOnlySpan<double> logits, double chance, double temperature)
    {
        double largest = double.NegativeInfinity, total = 0, sum = 0;
        foreach (double logit in logits) largest = Math.Max(largest, logit);
        foreach (double logit in logits) total += Math.Exp((logit - largest) / temperature);
        for (int k = 0; k < logits.Length - 1; k++)
        {
            sum += Math.Exp((logits[k] - largest) / temperature);
            if (chance * total < sum) return k;
        }

        return logits.Length - 1;
    }

    private Tensor Part(Tensor outputs, int index) => outputs.Slice(3, index * components, components);

    private Tensor Coefficient(Tensor outputs, int index) => Part(outputs, 7 + index).Tanh();

    private double Weight(ReadOnlySpan<double> outputs, int index, int k) => Math.Tanh(outputs[((7 + index) * components) + k]);
}
